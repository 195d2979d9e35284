#include "filters/known/known.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/known/ordinary_words.h"

namespace redactd {
namespace {

constexpr size_t kShortestNumber = 8;       // digits alone
constexpr size_t kShortestPunctuated = 12;  // digits and what stands in dates and addresses
constexpr size_t kLongestOrdinary = 20;     // longer ones are secrets though they are words
constexpr size_t kLongestName = 100;        // of a rule, in bytes

/// Whether the value is short and made of ordinary words as programs join them: `not-set`,
/// `created_at`. With blanks or digits it may well be a password that
/// somebody chose: `admin123`.
bool is_ordinary_text(std::string_view value) {
  if (value.size() > kLongestOrdinary) return false;
  size_t words = 0;
  for (size_t at = 0; at < value.size();) {
    size_t end = at;
    if (is_letter(value[at])) {
      while (end < value.size() && is_letter(value[end])) ++end;
      if (!is_ordinary_word(value.substr(at, end - at))) return false;
      ++words;
    } else if (std::string_view("-_.:/<>[]{}()*@").find(value[at]) != std::string_view::npos) {
      ++end;
    } else {
      return false;
    }
    at = end;
  }
  return words > 0;
}

std::string refuse_line(std::string_view line) {
  if (line.size() < kShortestKnown) {
    return "is shorter than " + std::to_string(kShortestKnown) +
           " bytes and would mask ordinary text";
  }
  if (std::all_of(line.begin(), line.end(), [&](char c) { return c == line[0]; }))
    return "is one character over and over";
  bool digits = std::all_of(line.begin(), line.end(), is_digit);
  if (digits && line.size() < kShortestNumber) {
    return "is a number of less than " + std::to_string(kShortestNumber) +
           " digits and would mask parts of other numbers";
  }
  bool punctuated = std::all_of(line.begin(), line.end(), [](char c) {
    return is_digit(c) || std::string_view(".:-/, ").find(c) != std::string_view::npos;
  });
  if (!digits && punctuated && line.size() < kShortestPunctuated)
    return "looks like a date, a version or an address and would mask ordinary text";
  if (is_ordinary_text(line)) return "is made of ordinary words and would mask ordinary text";
  return {};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// `-----BEGIN PRIVATE KEY-----`: no secret, and many values have it.
bool is_marker(std::string_view line) {
  return line.starts_with("-----") && line.ends_with("-----");
}

/// Calls `visit` with each line of the value, in pieces where it is very long.
template <typename Visit>
void visit_lines(std::string_view value, Visit visit) {
  while (!value.empty()) {
    size_t end = value.find_first_of("\r\n");
    std::string_view line = trimmed(value.substr(0, end));
    size_t piece = std::min(line.size(), kLongestKnown);  // the last ones overlap
    for (size_t at = 0; at < line.size(); at += kLongestKnown)
      visit(line.substr(std::min(at, line.size() - piece), piece));
    if (end == std::string_view::npos) break;
    value.remove_prefix(end + 1);
  }
}

}  // namespace

std::string refuse_known(std::string_view value) {
  std::string first;
  bool fit = false;
  visit_lines(value, [&](std::string_view line) {
    if (fit) return;
    std::string why = is_marker(line) ? "is a marker without content" : refuse_line(line);
    fit = why.empty();
    if (first.empty()) first = std::move(why);
  });
  if (fit) return {};
  return first.empty() ? "is empty" : first;
}

SecretTexts known_lines(std::string_view value) {
  SecretTexts lines;
  visit_lines(value, [&](std::string_view line) {
    if (!is_marker(line) && refuse_line(line).empty()) lines.emplace_back(line);
  });
  return lines;
}

SecretTexts known_texts(std::string_view value, bool encodings) {
  SecretTexts lines = known_lines(value);
  if (!encodings) return lines;
  SecretTexts all;
  auto add_spellings = [&](std::string_view text) {
    for (SecretText& spelling : spellings_of(text)) {
      if (spelling.find_first_of("\r\n") == SecretText::npos) all.push_back(std::move(spelling));
    }
  };
  for (const SecretText& line : lines) add_spellings(line);
  std::string_view whole = trimmed(value);
  bool several = whole.find_first_of("\r\n") != std::string_view::npos;
  if (several && !lines.empty() && whole.size() <= kLongestKnown) add_spellings(whole);
  return all;
}

std::string known_rule_id(std::string_view name) {
  std::string id = "known:";
  for (char c : name.substr(0, kLongestName)) {
    bool fit = is_alnum(c) || c == '_' || c == '-' || c == '.';
    id += fit ? c : '_';
  }
  if (name.empty()) id += "value";
  return id;
}

}  // namespace redactd
