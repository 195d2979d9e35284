#include "daemon/known/shell_word.h"

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr auto kNone = std::string_view::npos;

/// The bytes that stand for themselves up to the first one of `special`.
void take_plain(std::string_view& text, std::string_view special, Secret& word) {
  std::string_view plain = text.substr(0, text.find_first_of(special));
  word.append(plain);
  text.remove_prefix(plain.size());
}

/// Each of the next three takes what stands behind the opening quote, and the closing one. False:
/// there is none.
bool take_single_quoted(std::string_view& text, Secret& word) {
  take_plain(text, "'", word);
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

bool take_double_quoted(std::string_view& text, Secret& word) {
  while (true) {
    take_plain(text, "\"\\`", word);
    if (text.size() < 2 && text != "\"") return false;
    const char quote = text[0];
    if (quote == '`') return false;
    text.remove_prefix(1);
    if (quote == '"') return true;
    if (std::string_view("$`\"\\").find(text[0]) == kNone) word.append("\\");
    word.append(text.substr(0, 1));
    text.remove_prefix(1);
  }
}

/// What stands behind the backslash, of the escapes that are a letter each.
char ansi_c(char escaped) {
  constexpr std::string_view kLetters = "abefnrtv";
  constexpr std::string_view kBytes = "\a\b\x1b\f\n\r\t\v";
  size_t at = kLetters.find(escaped);
  return at == kNone ? escaped : kBytes[at];
}

bool take_ansi_c_quoted(std::string_view& text, Secret& word) {
  while (true) {
    take_plain(text, "'\\", word);
    if (text.size() < 2 && text != "'") return false;
    const bool closed = text[0] == '\'';
    text.remove_prefix(1);
    if (closed) return true;
    const char byte = ansi_c(text[0]);
    word.append({&byte, 1});
    text.remove_prefix(1);
  }
}

bool take_quoted(std::string_view& text, Secret& word) {
  const char quote = text[0];
  text.remove_prefix(1);
  if (quote == '\'') return take_single_quoted(text, word);
  if (quote == '"') return take_double_quoted(text, word);
  if (quote == '$' && text.starts_with('\'')) {
    text.remove_prefix(1);
    return take_ansi_c_quoted(text, word);
  }
  if (quote == '\\' && !text.empty()) {
    if (text[0] != '\n') word.append(text.substr(0, 1));
    text.remove_prefix(1);
    return true;
  }
  if (quote != '$') return false;
  word.append("$");
  return true;
}

/// Nothing, a comment, another command or another assignment.
bool ends_assignment(std::string_view behind) {
  if (behind.empty() || std::string_view("\r\n;&|").find(behind[0]) != kNone) return true;
  size_t next = behind.find_first_not_of(" \t");
  return next == kNone || (next > 0 && std::string_view("#\r\n;&|").find(behind[next]) != kNone) ||
         !shell_assignment(behind).empty();
}

}  // namespace

std::string_view shell_assignment(std::string_view& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == 0 || begin == kNone || is_digit(text[begin])) return {};
  size_t end = begin;
  while (end < text.size() && (is_alnum(text[end]) || text[end] == '_')) ++end;
  if (end == begin || end == text.size() || text[end] != '=') return {};
  std::string_view name = text.substr(begin, end - begin);
  text.remove_prefix(end + 1);
  return name;
}

std::optional<Secret> shell_word(std::string_view& text) {
  Secret word;
  while (true) {
    take_plain(text, "'\"\\`$ \t\r\n;&|", word);
    if (ends_assignment(text)) return word;
    if (is_blank(text[0]) || !take_quoted(text, word)) return std::nullopt;
  }
}

}  // namespace redactd
