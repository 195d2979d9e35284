#include "filters/matcher/pattern_text.h"

#include <algorithm>

#include "filters/byte_class.h"

namespace redactd {
namespace {

/// The end of the bracket expression that begins at `at`.
size_t class_end(std::string_view pattern, size_t at) {
  size_t i = at + 2;  // `[^`, whose first member may be `]`
  if (i < pattern.size() && pattern[i] == ']') ++i;
  while (i < pattern.size() && pattern[i] != ']') i += pattern[i] == '\\' ? 2 : 1;
  return std::min(i, pattern.size());
}

}  // namespace

std::string refuse_line_feed(const std::string& pattern) {
  std::string rest = pattern;
  for (size_t at = rest.find("[^"); at != std::string::npos; at = rest.find("[^")) {
    size_t end = class_end(rest, at);
    if (rest.substr(at, end - at).find("\\n") == std::string::npos) {
      return "holds a negated class that does not name \\n, so it can match across records; write "
             "[^…\\r\\n]";
    }
    rest.erase(at, end - at + 1);
  }
  for (std::string_view bad : {"\\s", "\\S", "\\n", "\\W", "\\D", "\\v", "\\R", "(?s"}) {
    if (rest.find(bad) != std::string::npos) {
      return "holds " + std::string(bad) +
             ", which can match across records; write the bytes that are meant, such as [ \\t]";
    }
  }
  return {};
}

std::string after_escapes(const std::string& pattern) {
  constexpr std::string_view kIgnoringCase = "(?i)";
  constexpr std::string_view kBoundary = "\\b";
  size_t at = pattern.starts_with(kIgnoringCase) ? kIgnoringCase.size() : 0;
  if (!std::string_view(pattern).substr(at).starts_with(kBoundary)) return pattern;
  const size_t word = at + kBoundary.size();
  if (word == pattern.size() || !is_alnum(pattern[word])) return pattern;
  return pattern.substr(0, at) + "(?:\\b|\\\\[nrt]|#01[0-5]|[0-9\\[][mK])" + pattern.substr(word);
}

bool may_match_blank(std::string_view pattern) {
  bool bracket = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      ++i;
      if (i == pattern.size()) return true;
      bool known = std::string_view("dwbB").find(pattern[i]) != std::string_view::npos;
      if (is_alnum(pattern[i]) && !known) return true;
    } else if (is_blank(c) || (c == '.' && !bracket)) {
      return true;
    } else if (c == '[') {
      // Negated ones and [:names:] are not looked into.
      char next = i + 1 < pattern.size() ? pattern[i + 1] : '^';
      if (next == '^' || next == ':') return true;
      if (!bracket && next == ']') ++i;
      bracket = true;
    } else if (c == ']') {
      bracket = false;
    }
  }
  return false;
}

}  // namespace redactd
