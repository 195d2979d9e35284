#include "filters/spans/value/key.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "filters/byte_class.h"
#include "filters/matcher/matcher.h"
#include "filters/spans/extent.h"
#include "filters/spans/word_list.h"

namespace redactd {

bool key_boundary(std::string_view text, size_t start) {
  if (word_starts(text, start)) return true;
  if (!is_upper(text[start])) return false;
  return is_lower(text[start - 1]) ||
         (start + 1 < text.size() && is_lower(text[start + 1]));  // APIToken
}

namespace {

bool is_key_separator(char c) { return c == '_' || c == '-' || c == '.' || c == ' '; }

/// `-Dtoken=…`: the D is none of the name's.
bool defines_property(std::string_view text, size_t start) {
  if (start < 2 || text.substr(start - 2, 2) != "-D") return false;
  return start == 2 || !is_alnum(text[start - 3]);
}

bool starts_key(std::string_view text, size_t start) {
  return key_boundary(text, start) || defines_property(text, start);
}

bool ends_in_another(std::string_view key, const std::vector<std::string>& keys) {
  return std::any_of(keys.begin(), keys.end(), [key](const std::string& other) {
    return other.size() < key.size() && key.ends_with(other);
  });
}

/// What a separator within a key may be.
constexpr std::string_view kInside[] = {"", "_", "-", ".", " "};
/// A number, or what separates a key from its value.
constexpr const char* kBehindKey = R"([\\"'`\]=:%>#\x1b \t\r\n&(,<_0-9])";
/// More words make more expressions, each of which is rarer. A word that many keys end in is
/// enough.
constexpr size_t kWordsOfEnding = 3;
constexpr size_t kSharedWord = 8;

/// Whether the key ends in another one of `all`, which has no separator inside.
bool ends_in_one(std::string_view key, const std::set<std::string>& all) {
  for (size_t at = 1; at < key.size(); ++at) {
    if (all.contains(std::string(key.substr(at)))) return true;
  }
  return false;
}

/// The last words of a key, with everything that may stand between them.
void add_endings(std::string_view key, size_t words, std::set<std::string>& endings) {
  size_t separator = key.rfind('_');
  std::vector<std::string> found = {std::string(key.substr(separator + 1))};
  while (--words > 0 && separator != kNone && separator > 0) {
    const size_t end = separator;
    separator = key.rfind('_', end - 1);
    const std::string word(key.substr(separator + 1, end - separator - 1));
    std::vector<std::string> longer;
    for (const std::string& tail : found) {
      for (std::string_view inside : kInside)
        longer.push_back(std::string(word).append(inside).append(tail));
    }
    found = std::move(longer);
  }
  endings.insert(found.begin(), found.end());
}

/// Letters, both cases alike, and digits by number.
constexpr uint8_t kNoDigit = 36;
constexpr size_t kAlphabet = kNoDigit + 1u;
constexpr size_t kBeginnings = kAlphabet * kAlphabet * kAlphabet;
constexpr size_t kBeginning = 3;  // letters
// The table of beginnings has those of names that are no longer, then those of the others.
constexpr size_t kLongerNames = kBeginnings;
constexpr unsigned kHashBits = 16;
constexpr size_t hash_of(size_t beginning, size_t fourth) {
  constexpr uint32_t kMultiplier = 0x9E3779B1;
  return static_cast<uint32_t>(beginning * kAlphabet + fourth) * kMultiplier >> (32 - kHashBits);
}
constexpr std::array<uint8_t, 256> kDigits = [] {
  std::array<uint8_t, 256> digits{};
  for (unsigned byte = 0; byte < digits.size(); ++byte) {
    const char c = static_cast<char>(byte);
    digits[byte] = kNoDigit;
    if (is_letter(c)) digits[byte] = static_cast<uint8_t>(to_lower(c) - 'a');
    if (is_digit(c)) digits[byte] = static_cast<uint8_t>(26 + c - '0');
  }
  return digits;
}();
constexpr size_t digit_of(char c) { return kDigits[static_cast<unsigned char>(c)]; }

constexpr size_t kWordsBefore = 3;  // most words between a name and the key
constexpr size_t kNameBytes = 128;  // most bytes of a whole key

constexpr ByteClass kKeyBytes = alnum_and("_-.");
bool is_key_byte(char c) { return kKeyBytes.has(c); }

/// Letters and digits from `at` on in lower case, as far as a name can reach, over one separator at
/// a time. `ends[i]` is where byte i ends in the text.
struct Folded {
  char bytes[kLongestProvider];
  uint16_t ends[kLongestProvider];
  size_t size = 0;
  std::string_view text() const { return {bytes, size}; }
};

Folded fold(std::string_view text, size_t at, size_t end) {
  Folded folded;
  size_t from = at;
  while (at < end && folded.size < kLongestProvider) {
    if (is_alnum(text[at])) {
      folded.bytes[folded.size] = to_lower(text[at]);
      folded.ends[folded.size++] = static_cast<uint16_t>(at + 1 - from);
    } else if (!is_key_separator(text[at]) || !is_alnum(text[at - 1])) {
      break;
    }
    ++at;
  }
  return folded;
}

/// A short name may be the beginning of another word: `boxcar`.
bool name_ends(std::string_view text, size_t begin, size_t end, size_t size) {
  if (size >= 6 || end >= text.size() || !is_alnum(text[end])) return true;
  if (is_digit(text[end]) || (is_upper(text[end]) && is_lower(text[end - 1]))) return true;
  static constexpr std::string_view kNext[] = {"api", "key",  "tok",  "sec",    "auth", "acc",
                                               "app", "pass", "cred", "client", "pat"};
  std::string_view rest = text.substr(end, 6);
  return end - begin >= 3 &&
         std::any_of(std::begin(kNext), std::end(kNext),
                     [&](std::string_view next) { return starts_with_ignoring_case(rest, next); });
}

/// Whether a name stands in the key, whatever separates its words, or in its end and a number
/// behind.
bool holds_name(std::string key, const std::vector<std::string>& names) {
  std::erase(key, '_');
  return std::any_of(names.begin(), names.end(), [&key](std::string_view name) {
    if (key.find(name) != kNone) return true;
    const size_t digits = name.size();
    while (!name.empty() && is_digit(name.back())) name.remove_suffix(1);
    return name.size() < digits && key.ends_with(name);
  });
}

/// The longest of the names that begins at `at`: its number, else 0.
uint16_t name_at(std::string_view text, size_t at, size_t end, const ValueRule& value) {
  const std::vector<std::string>& names = value.rule.names;
  Folded folded = fold(text, at, end);
  if (folded.size < 2) return 0;
  const RuleKeys::Range range = value.keys->names_with(folded.bytes[0], folded.bytes[1]);
  const auto first = names.begin() + range.first;
  auto found = std::upper_bound(first, names.begin() + range.last, folded.text());
  while (found != first) {
    --found;
    if (!folded.text().starts_with(*found)) continue;
    size_t stop = at + folded.ends[found->size() - 1];
    if (name_ends(text, at, stop, found->size()))
      return static_cast<uint16_t>(found - names.begin() + 1);
  }
  return 0;
}

}  // namespace

RuleKeys::RuleKeys(const Rule& rule) : boundary_(rule.boundary) {
  tree_.add(rule.keys, KeySeparator::any, 0);
  tree_.build();
  if (!rule.names.empty()) {
    beginnings_.resize(2 * kBeginnings);
    longer_names_.resize(size_t{1} << kHashBits);
    pairs_.resize(kAlphabet * kAlphabet);
  }
  may_hold_name_ = std::any_of(rule.keys.begin(), rule.keys.end(), [&rule](const std::string& key) {
    return holds_name(key, rule.names);
  });
  uint16_t number = 0;
  for (const std::string& name : rule.names) {
    const size_t pair = digit_of(name[0]) * kAlphabet + digit_of(name[1]);
    if (pairs_[pair].last == 0) pairs_[pair].first = number;
    pairs_[pair].last = ++number;
    size_t first = pair * kAlphabet;
    if (name.size() > kBeginning) first += kLongerNames;
    if (name.size() > kBeginning)
      longer_names_[hash_of(pair * kAlphabet + digit_of(name[2]), digit_of(name[kBeginning]))] =
          true;
    if (name.size() > 2) {
      beginnings_[first + digit_of(name[2])] = true;
    } else {
      std::fill_n(beginnings_.begin() + static_cast<std::ptrdiff_t>(first), kAlphabet, true);
    }
  }
}

size_t RuleKeys::longest(std::string_view text, size_t key_end) const {
  return tree_.longest(text, key_end, boundary_ == Boundary::word ? starts_key : nullptr);
}

bool RuleKeys::may_be_name(std::string_view text, size_t at, size_t end) const {
  auto next_digit = [&] {
    if (at < end && is_key_separator(text[at])) ++at;
    return at < end ? digit_of(text[at++]) : kNoDigit;
  };
  const size_t first = digit_of(text[at++]);
  if (first == kNoDigit) return false;
  const size_t second = next_digit();
  if (second == kNoDigit) return false;
  const size_t beginning = (first * kAlphabet + second) * kAlphabet + next_digit();
  if (beginnings_[beginning]) return true;
  return at < end && beginnings_[kLongerNames + beginning] &&
         longer_names_[hash_of(beginning, next_digit())];
}

RuleKeys::Range RuleKeys::names_with(char first, char second) const {
  return pairs_[digit_of(first) * kAlphabet + digit_of(second)];
}

KeyName find_name(std::string_view text, size_t key_begin, size_t key_end, const ValueRule& value) {
  const Rule& rule = value.rule;
  size_t limit = key_begin > kNameBytes ? key_begin - kNameBytes : 0;
  size_t whole = key_begin;
  while (whole > limit && is_key_byte(text[whole - 1])) --whole;
  size_t words = 0;
  for (size_t at = value.keys->may_hold_name() ? key_end : key_begin; at > limit;) {
    --at;
    if (at < whole) {
      if (text[at] == ' ') {
        if (at > 0 && !is_key_byte(text[at - 1])) return {};
        // Another key has a name of its own.
        if (++words > kWordsBefore || (words > 1 && value.keys->longest(text, at) != kNone))
          return {};
        continue;
      }
      if (!is_key_byte(text[at])) return {};
    }
    if (!value.keys->may_be_name(text, at, key_end) || !key_boundary(text, at)) continue;
    uint16_t number = name_at(text, at, key_end, value);
    if (number == 0) continue;
    const std::vector<std::string>& ordinary = rule.ordinary_names;
    return {number, at >= whole,
            std::binary_search(ordinary.begin(), ordinary.end(), rule.names[number - 1u])};
  }
  return {};
}

std::vector<std::string> distinct_keys(const std::vector<std::string>& keys) {
  std::vector<std::string> distinct;
  for (const std::string& key : keys) {
    if (!ends_in_another(key, keys)) distinct.push_back(key);
  }
  return distinct;
}

KeySeparator key_separator(const Rule& rule) {
  if (rule.form == ValueForm::spaced) return KeySeparator::blank;
  const bool marked = rule.strength == Strength::weak || !rule.names.empty();
  return marked ? KeySeparator::mark : KeySeparator::any;
}

std::vector<std::string> ending_expressions(const std::vector<std::string>& keys) {
  std::set<std::string> endings;
  for (const std::string& key : keys) {
    if (key.find('_') == kNone) endings.insert(key);
  }
  std::map<std::string, std::set<std::string>> by_last_word;
  for (const std::string& key : keys) {
    size_t separator = key.rfind('_');
    if (separator != kNone && !ends_in_one(key, endings))
      by_last_word[key.substr(separator + 1)].insert(key);
  }
  for (const auto& [last_word, group] : by_last_word) {
    bool shared = group.size() >= kSharedWord && !last_word.empty();
    for (const std::string& key : group) add_endings(key, shared ? 1 : kWordsOfEnding, endings);
  }
  std::vector<std::string> expressions;
  for (const std::string& ending : endings) {
    if (!ends_in_one(ending, endings))
      expressions.push_back("(?i)" + escape_expression(ending) + kBehindKey);
  }
  return expressions;
}

bool separator_may_follow(std::string_view text, size_t key_end) {
  constexpr size_t kTypeName = 40;
  size_t at = key_end;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (at == key_end) return true;
  if (at == text.size()) return false;
  if (!is_alnum(text[at])) return true;
  if (std::string_view("iIwWV").find(text[at]) != kNone) return true;  // is, was, Value:
  // for bob is, changed from, set to, has been changed to, to
  static constexpr std::string_view kOwners[] = {
      "for ",        "of ",         "changed from ", "changed to", "set to",
      "reset to",    "updated to ", "has been ",     "to ",        "resolved to ",
      "generated: ", "from ",       "FROM ",         "für ",       "retrieved: ",
      "received: ",  "obtained: ",  "has value ",    "has the "};
  static constexpr ByteClass kFirsts = first_bytes(kOwners);
  static constexpr ByteClass kSeconds = ByteClass::of("ofhepaRrb\xc3");
  if (kFirsts.has(text[at]) && at + 1 < text.size() && kSeconds.has(text[at + 1]) &&
      std::any_of(std::begin(kOwners), std::end(kOwners), [&](std::string_view words) {
        return text[at] == words[0] && text[at + 1] == words[1] &&
               text.substr(at).starts_with(words);
      }))
    return true;
  if (text.substr(at, kTypeName).find('=') != kNone) return true;  // string = "…"
  while (key_end > 0 && (is_alnum(text[key_end - 1]) || is_key_separator(text[key_end - 1])) &&
         text[key_end - 1] != ' ') {
    --key_end;
  }
  return text[key_end] == '-';  // --password …
}

size_t key_start(std::string_view text, size_t key_end, const RuleKeys& keys) {
  size_t best = keys.longest(text, key_end);
  if (best != kNone) return best;
  // API_TOKEN_2, password1
  size_t at = key_end;
  while (at > 0 && is_digit(text[at - 1])) --at;
  if (at == key_end) return kNone;
  if (at > 0 && text[at - 1] == '_') --at;
  return keys.longest(text, at);
}

}  // namespace redactd
