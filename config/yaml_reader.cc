#include "config/yaml_reader.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace redactd {
namespace {

Location at(const std::string& file, const YAML::Mark& mark) {
  if (mark.is_null()) return {file, 0, 0};
  return {file, static_cast<size_t>(mark.line) + 1, static_cast<size_t>(mark.column) + 1};
}

std::string join(const std::vector<std::string_view>& names) {
  std::string result;
  for (std::string_view name : names) {
    if (!result.empty()) result += ", ";
    result += name;
  }
  return result;
}

/// The first byte that YAML does not allow (YAML 1.2 §5.1): a control character, or no UTF-8. The
/// size when there is none. yaml-cpp 0.7 has been seen to spin on such input.
size_t foreign_byte(const std::string& text) {
  size_t at = 0;
  while (at < text.size()) {
    auto byte = static_cast<unsigned char>(text[at]);
    bool control = (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
    size_t more = byte < 0x80   ? 0
                  : byte < 0xc2 ? 9
                  : byte < 0xe0 ? 1
                  : byte < 0xf0 ? 2
                  : byte < 0xf5 ? 3
                                : 9;
    if (control || more == 9 || at + more >= text.size() + (more == 0)) return at;
    for (size_t i = 1; i <= more; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return at;
    }
    at += more + 1;
  }
  return at;
}

/// The names of the files that readers point at; they live as long as the process.
const std::string* keep_file_name(const std::string& file) {
  static std::set<std::string> names;
  return &*names.insert(file).first;
}

}  // namespace

std::optional<size_t> parse_bytes(std::string_view text) {
  size_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  struct Unit {
    std::string_view name;
    size_t factor;
  };
  static constexpr Unit kUnits[] = {{"", 1},          {"B", 1},           {"kB", 1000},
                                    {"KB", 1000},     {"KiB", 1 << 10},   {"MB", 1000000},
                                    {"MiB", 1 << 20}, {"GB", 1000000000}, {"GiB", 1 << 30}};
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    if (number > (size_t{1} << 40) / known.factor) return std::nullopt;
    return number * known.factor;
  }
  return std::nullopt;
}

std::optional<YamlReader> YamlReader::parse(const std::string& text, const std::string& file,
                                            Diagnostics& diagnostics) {
  if (size_t at = foreign_byte(text); at < text.size()) {
    auto line =
        static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
    diagnostics.add({file, line + 1, at - (text.rfind('\n', at) + 1) + 1}, "",
                    "holds a byte that is no UTF-8 text; YAML allows none");
    return std::nullopt;
  }
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      diagnostics.add({file, 0, 0}, "", "holds several YAML documents; one is allowed");
      return std::nullopt;
    }
    YAML::Node node = documents.empty() ? YAML::Node(YAML::NodeType::Null) : documents[0];
    return YamlReader(node, "", keep_file_name(file), &diagnostics, {file, 1, 1});
  } catch (const YAML::Exception& error) {
    diagnostics.add(at(file, error.mark), "", "is no valid YAML: " + error.msg);
    return std::nullopt;
  }
}

Location YamlReader::location() const {
  if (!node_.IsDefined()) return fallback_;
  Location here = at(*file_, node_.Mark());
  return here.line == 0 ? fallback_ : here;
}

void YamlReader::fail(const std::string& message) const {
  diagnostics_->add(location(), path_, message);
}

void YamlReader::fail_missing(std::string_view key, const std::string& what) const {
  std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  diagnostics_->add(location(), path, "is missing; " + what);
}

bool YamlReader::expect_map(const std::vector<std::string_view>& known) const {
  if (!present() || !node_.IsMap()) {
    fail("must be a map with the keys " + join(known));
    return false;
  }
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
    std::string path = path_.empty() ? key : path_ + "." + key;
    Location where = at(*file_, entry.first.Mark());
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      std::string hint = did_you_mean(key, known);
      diagnostics_->add(where, path,
                        "is no known key" + (hint.empty() ? "; allowed: " + join(known) : hint));
    } else if (!seen.insert(key).second) {
      diagnostics_->add(where, path, "stands twice in the same map");
    }
  }
  return true;
}

bool YamlReader::has(std::string_view key) const { return (*this)[key].present(); }

YamlReader YamlReader::operator[](std::string_view key) const {
  std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  YAML::Node found(YAML::NodeType::Undefined);
  if (node_.IsDefined() && node_.IsMap()) {
    for (const auto& entry : node_) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) {
        return YamlReader(entry.second, path, file_, diagnostics_, at(*file_, entry.first.Mark()));
      }
    }
  }
  return YamlReader(found, path, file_, diagnostics_, location());
}

std::vector<YamlReader> YamlReader::items() const {
  std::vector<YamlReader> result;
  if (!present()) return result;
  if (node_.IsScalar()) return {*this};
  if (!node_.IsSequence()) {
    fail("must be a list");
    return result;
  }
  for (size_t i = 0; i < node_.size(); ++i) {
    result.push_back(YamlReader(node_[i], path_ + "[" + std::to_string(i) + "]", file_,
                                diagnostics_, location()));
  }
  return result;
}

std::optional<std::string> YamlReader::text() const {
  if (!present()) return std::nullopt;
  if (!node_.IsScalar()) {
    fail("must be a text");
    return std::nullopt;
  }
  return node_.Scalar();
}

std::optional<bool> YamlReader::boolean() const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  fail("must be true or false");
  return std::nullopt;
}

std::optional<size_t> YamlReader::count() const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  size_t number = 0;
  auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error == std::errc() && end == value->data() + value->size()) return number;
  fail("must be a whole number");
  return std::nullopt;
}

std::optional<size_t> YamlReader::bytes() const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  std::optional<size_t> number = parse_bytes(*value);
  if (!number) fail("must be a size: a whole number with B, KiB, MiB, GiB, kB, MB, GB or no unit");
  return number;
}

std::vector<std::string> YamlReader::texts() const {
  std::vector<std::string> result;
  for (const YamlReader& item : items()) {
    if (std::optional<std::string> value = item.text()) result.push_back(*value);
  }
  return result;
}

std::optional<size_t> YamlReader::one_of(const std::vector<std::string_view>& names) const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  for (size_t i = 0; i < names.size(); ++i) {
    if (*value == names[i]) return i;
  }
  fail("is none of " + join(names) + did_you_mean(*value, names));
  return std::nullopt;
}

}  // namespace redactd
