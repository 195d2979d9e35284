#include "filters/spans/key.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

bool is_key_separator(char c) { return c == '_' || c == '-' || c == '.' || c == ' '; }

size_t match_key_backwards(std::string_view text, size_t key_end, std::string_view key) {
  size_t at = key_end;
  for (size_t i = key.size(); i > 0; --i) {
    char wanted = key[i - 1];
    if (wanted == '_') {
      if (at > 0 && is_key_separator(text[at - 1])) --at;
      continue;
    }
    if (at == 0 || to_lower(text[at - 1]) != wanted) return kNone;
    --at;
  }
  return at;
}

/// A key starts where a word starts, also inside camelCase (`clientSecret`).
bool key_boundary(std::string_view text, size_t start) {
  if (word_starts(text, start)) return true;
  if (!is_upper(text[start])) return false;
  return is_lower(text[start - 1]) ||
         (start + 1 < text.size() && is_lower(text[start + 1]));  // APIToken
}

/// The start of the longest of the rule's keys that ends at `key_end`.
size_t longest_key(std::string_view text, size_t key_end, const Rule& rule) {
  size_t best = kNone;
  for (const std::string& key : rule.keys) {
    size_t start = match_key_backwards(text, key_end, key);
    if (start == kNone) continue;
    if (rule.boundary == Boundary::word && !key_boundary(text, start)) continue;
    best = std::min(best, start);
  }
  return best;
}

/// `access_token` where `token` is a key too: the anchor is the same, and longest_key() tells them
/// apart. Without such keys the matcher has half as much to do.
bool ends_in_another(std::string_view key, const std::vector<std::string>& keys) {
  return std::any_of(keys.begin(), keys.end(), [key](const std::string& other) {
    return other.size() < key.size() && key.ends_with(other);
  });
}

}  // namespace

std::string key_expression(const Rule& rule) {
  std::string keys;
  for (const std::string& key : rule.keys) {
    if (ends_in_another(key, rule.keys)) continue;
    if (!keys.empty()) keys += '|';
    for (char c : key) {
      if (c == '_') {
        keys += "[-_. ]?";
      } else {
        keys += c;
      }
    }
  }
  // A weak key in a sentence is nothing to look at: only a separator makes it a key.
  std::string after = rule.strength == Strength::weak ? R"((?:[\\"'`\]=:%>\x1b]|[ \t]{1,3}[=:]))"
                                                      : R"([\\"'`\]=:%>\x1b \t&])";
  return "(?i)(?:" + keys + ")(?:_?[0-9]{1,3})?" + after;
}

size_t end_of_key(std::string_view text, size_t anchor_end) {
  size_t at = anchor_end - 1;
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  return at;
}

bool separator_may_follow(std::string_view text, size_t key_end) {
  constexpr size_t kTypeName = 40;
  size_t at = key_end;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (at == key_end) return true;
  if (at == text.size()) return false;
  if (!is_alnum(text[at])) return true;
  if (text[at] == 'i' || text[at] == 'I') return true;             // is
  if (text.substr(at, kTypeName).find('=') != kNone) return true;  // string = "…"
  while (key_end > 0 && (is_alnum(text[key_end - 1]) || is_key_separator(text[key_end - 1])) &&
         text[key_end - 1] != ' ') {
    --key_end;
  }
  return text[key_end] == '-';  // --password …
}

size_t key_start(std::string_view text, size_t key_end, const Rule& rule) {
  size_t best = longest_key(text, key_end, rule);
  if (best != kNone) return best;
  // API_TOKEN_2, password1
  size_t at = key_end;
  while (at > 0 && is_digit(text[at - 1])) --at;
  if (at == key_end) return kNone;
  if (at > 0 && text[at - 1] == '_') --at;
  return longest_key(text, at, rule);
}

}  // namespace redactd
