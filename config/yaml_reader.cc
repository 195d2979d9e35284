#include "config/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "config/substitution.h"
#include "filters/byte_class.h"

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

/// What is wrong with the byte of `text` that YAML does not allow.
const char* foreign(std::string_view text, size_t at) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return "is UTF-16; save it as UTF-8";
  if (static_cast<unsigned char>(text[at]) < 0x80)
    return "holds a control character; YAML allows none";
  return "holds a byte that is no UTF-8 text; YAML allows none";
}

/// Notes where documents begin and nothing else.
class DocumentStarts : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  YAML::Mark last;
};

/// Where the text goes on behind its first document. YAML::LoadAll() is not used: before a stray
/// bracket or comma yaml-cpp 0.7 finds empty documents without end, until there is no memory left.
std::optional<YAML::Mark> second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return std::nullopt;
  return starts.last;
}

std::string_view line_of(std::string_view text, size_t number) {
  for (size_t i = 1; i < number; ++i)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

bool is_about_flow(std::string_view complaint) {
  return complaint == "end of map flow not found" ||
         complaint == "end of sequence flow not found" || complaint == "illegal flow end";
}

/// What yaml-cpp complains of, with what people mostly do wrong there.
std::string explained(const std::string& complaint, std::string_view line) {
  if (line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos)
    return "a tab indents this line; YAML wants spaces";
  if (is_about_flow(complaint) && line.find("${") != std::string_view::npos)
    return "a text with ${…} between braces or brackets needs quotes";
  static const std::map<std::string_view, const char*> kMostly = {
      {"end of map not found", "the indentation fits none of the lines before it"},
      {"end of sequence not found", "the indentation fits none of the lines before it"},
      {"end of map flow not found", "a { before it is not closed"},
      {"end of sequence flow not found", "a [ before it is not closed"},
      {"illegal flow end", "a bracket that nothing opens"},
      {"illegal block entry",
       "no '- ' may stand here: an indentation is wrong, or a bracket before it is not closed"},
      {"illegal map value",
       "no ': ' may stand here: an indentation is wrong, or a text with ': ' needs quotes"},
      {"the referenced anchor is not defined", "a text that begins with * needs quotes"},
      {"unknown token", "a text that begins with %, @ or ` needs quotes"},
      {"bad file", "brackets or indentations nest too deep"}};
  auto found = kMostly.find(complaint);
  return found == kMostly.end() ? complaint : found->second;
}

std::string instead_of(const std::string& key, const std::vector<std::string_view>& known) {
  if (key == "<<") return "; maps are not merged, as in YAML 1.2: write the other map's keys out";
  std::string hint = did_you_mean(key, known);
  return hint.empty() ? "; allowed: " + join(known) : hint;
}

}  // namespace

std::optional<YamlReader> YamlReader::parse(const std::string& text, const std::string& file,
                                            Diagnostics& diagnostics,
                                            const Surroundings* surroundings) {
  if (size_t at = foreign_byte(text); at < text.size()) {
    auto line =
        static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
    diagnostics.add({file, line + 1, at - (text.rfind('\n', at) + 1) + 1}, "", foreign(text, at));
    return std::nullopt;
  }
  try {
    if (std::optional<YAML::Mark> rest = second_document(text)) {
      Location where = at(file, *rest);
      bool marked = line_of(text, where.line).starts_with("---");
      diagnostics.add(where, "",
                      marked ? "holds several YAML documents; one is allowed"
                             : "is no valid YAML: this belongs to nothing");
      return std::nullopt;
    }
    YAML::Node node = YAML::Load(text);
    std::string folder = std::filesystem::path(file).parent_path().string();
    auto document = std::make_shared<const Document>(
        Document{file, folder, &diagnostics, surroundings, std::make_shared<Places>()});
    return YamlReader(node, "", std::move(document), {file, 1, 1});
  } catch (const YAML::Exception& error) {
    Location where = at(file, error.mark);
    diagnostics.add(where, "",
                    "is no valid YAML: " + explained(error.msg, line_of(text, where.line)));
    return std::nullopt;
  }
}

Location YamlReader::location() const {
  if (!present()) return fallback_;
  Location here = at(document_->file, node_.Mark());
  return here.line == 0 ? fallback_ : here;
}

std::string YamlReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const Surroundings& YamlReader::surroundings() const {
  return document_->surroundings == nullptr ? no_surroundings() : *document_->surroundings;
}

void YamlReader::fail(const std::string& message) const {
  document_->diagnostics->add(location(), path_, message);
}

void YamlReader::fail_once(const std::string& message) const {
  document_->diagnostics->add_once(location(), path_, message);
}

void YamlReader::warn(const std::string& message) const {
  document_->diagnostics->warn(location(), path_, message);
}

void YamlReader::fail_missing(std::string_view key, const std::string& what) const {
  std::string path = path_of(key);
  document_->diagnostics->add(location(), path, "is missing; " + what);
}

bool YamlReader::expect_map(const std::vector<std::string_view>& known) const {
  if (!present() || !node_.IsMap()) {
    fail("must be a map with the keys " + join(known));
    return false;
  }
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
    std::string path = path_of(key);
    Location where = at(document_->file, entry.first.Mark());
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      document_->diagnostics->add(where, path, "is no known key" + instead_of(key, known));
    } else if (!seen.insert(key).second) {
      document_->diagnostics->add(where, path, "stands twice in the same map");
    }
  }
  return true;
}

bool YamlReader::has(std::string_view key) const { return (*this)[key].present(); }

bool YamlReader::names(std::string_view key) const { return (*this)[key].node_.IsDefined(); }

YamlReader YamlReader::operator[](std::string_view key) const {
  std::string path = path_of(key);
  YAML::Node found(YAML::NodeType::Undefined);
  if (node_.IsDefined() && node_.IsMap()) {
    for (const auto& entry : node_) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) {
        return YamlReader(entry.second, path, document_, at(document_->file, entry.first.Mark()));
      }
    }
  }
  return YamlReader(found, path, document_, location());
}

std::vector<YamlReader> YamlReader::items() const {
  std::vector<YamlReader> result;
  if (!present()) return result;
  if (node_.IsScalar()) return {*this};
  if (!node_.IsSequence()) {
    fail_once("must be a list");
    return result;
  }
  for (size_t i = 0; i < node_.size(); ++i) {
    result.push_back(YamlReader(node_[i], path_ + "[" + std::to_string(i) + "]", document_,
                                at(document_->file, node_[i].Mark())));
  }
  return result;
}

std::optional<std::string> YamlReader::text() const {
  if (!node_.IsDefined()) return std::nullopt;
  if (node_.IsNull()) {
    fail_once("has no value; write one, or leave it out");
    return std::nullopt;
  }
  if (!node_.IsScalar()) {
    fail_once("must be a text");
    return std::nullopt;
  }
  if (document_->surroundings == nullptr) return node_.Scalar();
  document_->places->try_emplace(path_, place());
  std::string error;
  std::optional<std::string> value =
      substitute(node_.Scalar(), document_->folder, *document_->surroundings, error);
  if (!value) fail_once(error);
  return value;
}

bool YamlReader::is_put_in() const {
  return is_scalar() && document_->surroundings != nullptr && substitutes(node_.Scalar());
}

Place YamlReader::place() const {
  return {location(), path_, is_put_in() ? node_.Scalar() : std::string()};
}

std::string YamlReader::quoted(const std::string& value) const {
  return "'" + place().shown(value) + "'";
}

std::vector<std::string> YamlReader::files_in_text() const {
  if (!is_scalar() || document_->surroundings == nullptr) return {};
  return substituted_files(node_.Scalar(), document_->folder);
}

std::optional<bool> YamlReader::boolean() const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  // YAML 1.2 §10.3.2, and `on` and `off`.
  for (const char* on : {"true", "True", "TRUE", "on"})
    if (*value == on) return true;
  for (const char* off : {"false", "False", "FALSE", "off"})
    if (*value == off) return false;
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

std::optional<size_t> YamlReader::count(Range<size_t> range) const {
  std::optional<size_t> number = count();
  if (!number || range.has(*number)) return number;
  fail("must be " + std::to_string(range.least) + " to " + std::to_string(range.most) +
       (range.or_zero ? ", or 0" : ""));
  return std::nullopt;
}

std::optional<size_t> YamlReader::bytes(Range<size_t> range) const {
  std::optional<size_t> number = bytes();
  if (!number || range.has(*number)) return number;
  fail("must be " + bytes_text(range.least) + " to " + bytes_text(range.most) +
       (range.or_zero ? ", or 0" : ""));
  return std::nullopt;
}

std::optional<Milliseconds> YamlReader::duration(Range<Milliseconds> range) const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  std::optional<Milliseconds> duration = parse_duration(*value);
  if (duration && range.has(*duration)) return duration;
  bool bare = !value->empty() && std::all_of(value->begin(), value->end(), is_digit);
  if (duration) {
    fail("must be " + duration_text(range.least) + " to " + duration_text(range.most) +
         (range.or_zero ? ", or 0" : ""));
  } else if (bare) {
    fail("needs a unit, as in 10s: ms, s, m, h or d");
  } else {
    fail("must be a duration: a whole number with ms, s, m, h or d");
  }
  return std::nullopt;
}

std::optional<unsigned> YamlReader::mode() const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  std::optional<unsigned> mode = parse_mode(*value);
  if (!mode) fail("must be permissions as three octal digits: 0660");
  return mode;
}

std::optional<std::string> YamlReader::file_path() const {
  std::optional<std::string> value = text();
  if (!value) return std::nullopt;
  if (value->empty() || value->find('\0') != std::string::npos) {
    fail("is no path; leave the key out where none is meant");
    return std::nullopt;
  }
  return (std::filesystem::path(document_->folder) / *value).string();
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
