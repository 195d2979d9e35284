#include "daemon/known/dotenv.h"

#include <algorithm>

#include "daemon/known/shell_word.h"
#include "filters/byte_class.h"
#include "filters/byte_order_mark.h"

namespace redactd {
namespace {

constexpr auto kNone = std::string_view::npos;

bool is_key_byte(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (is_blank(text.front()) || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view key_of(std::string_view before_separator) {
  std::string_view key = trimmed(before_separator);
  if (key.starts_with("export") && key.size() > 6 && is_blank(key[6])) key = trimmed(key.substr(6));
  for (char c : key) {
    if (!is_key_byte(c)) return {};
  }
  return key;
}

/// Where the quote that stands at the start of `text` is closed.
size_t closing_quote(std::string_view text) {
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] == text[0]) return at;
    if (text[at] == '\\' && text[0] == '"') ++at;
  }
  return kNone;
}

char unescaped(char c) { return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c; }

Secret without_escapes(std::string_view text) {
  Secret plain = Secret::of_size(text.size());
  size_t size = 0;
  for (size_t at = 0; at < text.size(); ++at, ++size) {
    bool escape = text[at] == '\\' && at + 1 < text.size() &&
                  std::string_view("nrt\"\\$").find(text[at + 1]) != kNone;
    plain.data()[size] = escape ? unescaped(text[++at]) : text[at];
  }
  plain.shrink_to(size);
  return plain;
}

/// Where the `=` of a line stands, or the `:` that takes its place before a blank.
size_t separator_of(std::string_view line) {
  size_t at = line.find_first_of("=:");
  if (at == kNone || line[at] == '=') return at;
  return at + 1 < line.size() && is_blank(line[at + 1]) ? at : kNone;
}

std::string_view bare(std::string_view line) {
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '#' && (at == 0 || is_blank(line[at - 1]))) return trimmed(line.substr(0, at));
  }
  return trimmed(line);
}

/// Whether the quote behind `inside` opens the value of another key, `PASSWORD="`, so that none has
/// closed the one before. Capitals alone: base64 ends like that too.
bool ends_with_key(std::string_view inside) {
  size_t line_feed = inside.rfind('\n');
  if (line_feed == kNone || !inside.ends_with('=')) return false;
  std::string_view key = key_of(inside.substr(line_feed + 1, inside.size() - line_feed - 2));
  auto of_key = [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; };
  return !key.empty() && std::all_of(key.begin(), key.end(), of_key);
}

/// Reads the value at the start of `rest`, which runs to the end of the file; `size` is set to the
/// bytes that it takes, of a value with a doubtful end its first line.
Secret read_value(std::string_view rest, size_t& size) {
  size = 0;
  while (size < rest.size() && (rest[size] == ' ' || rest[size] == '\t')) ++size;
  std::string_view value = rest.substr(size);
  if (!value.empty() && (value[0] == '"' || value[0] == '\'' || value[0] == '`')) {
    if (size_t end = closing_quote(value); end != kNone) {
      std::string_view inside = value.substr(1, end - 1);
      size += ends_with_key(inside) ? inside.find('\n') + 1 : end + 1;
      return value[0] == '"' ? without_escapes(inside) : Secret(inside);
    }
  }
  std::string_view line = value.substr(0, value.find('\n'));
  size += line.size();
  return Secret(bare(line));
}

/// What a shell reads in the rest of a line, as of `export A=one B=two`.
void add_further_assignments(std::string_view behind, std::vector<KnownValue>& pairs) {
  while (true) {
    std::string_view name = shell_assignment(behind);
    if (name.empty()) return;
    std::optional<Secret> word = shell_word(behind);
    if (!word) return;
    if (!word->empty()) pairs.push_back({std::string(name), std::move(*word)});
  }
}

}  // namespace

std::vector<KnownValue> parse_dotenv(std::string_view text) {
  std::vector<KnownValue> pairs;
  text = without_byte_order_mark(text);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    size_t separator = separator_of(line);
    std::string_view key =
        separator == kNone ? std::string_view() : key_of(line.substr(0, separator));
    size_t taken = line.size();
    if (!key.empty()) {
      size_t value_size = 0;
      Secret value = read_value(text.substr(separator + 1), value_size);
      // Many files are read by a shell as well, and nothing tells by whom. Within the line, for
      // time and memory are to grow with the file alone.
      std::string_view behind = line.substr(separator + 1);
      std::optional<Secret> word = shell_word(behind);
      const bool is_word = word && !word->empty();
      const bool differs = is_word && *word != value;
      if (!value.empty()) pairs.push_back({std::string(key), std::move(value)});
      if (differs) pairs.push_back({std::string(key), std::move(*word)});
      if (is_word) add_further_assignments(behind, pairs);
      taken = separator + 1 + value_size;
    }
    size_t end = text.find('\n', taken);
    text.remove_prefix(end == kNone ? text.size() : end + 1);
  }
  return pairs;
}

}  // namespace redactd
