#include "filters/spans/value/name_shape.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/value_check.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// snhwbsiuhriwzqho: five consonants in a row, which words do not have.
bool is_unpronounceable(std::string_view value) {
  constexpr size_t kShortest = 10;
  constexpr size_t kConsonants = 5;
  static constexpr ByteClass kVowels = ByteClass::of("aeiouyAEIOUY-_.");
  if (value.size() < kShortest) return false;
  size_t run = 0;
  for (char c : value) {
    run = kVowels.has(c) ? 0 : run + 1;
    if (run == kConsonants) return true;
  }
  return false;
}

}  // namespace

bool is_plain_word(std::string_view value) {
  static constexpr ByteClass kOfWords = letters_and("-_.");
  return !value.empty() && value.size() < 24 && kOfWords.has_all(value) && !is_mixed(value) &&
         !is_unpronounceable(value);
}

bool is_compound(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("/_");
  return value.size() < 80 &&
         std::all_of(
             value.begin(), value.end(),
             [](char c) { return is_letter(c) || c == '-' || c == '_' || c == '.' || c == '/'; }) &&
         kJoints.any_in(value);
}

bool is_constant(std::string_view value) {
  static constexpr std::string_view kLasts[] = {"_API_KEY",    "_PRIVATE_KEY",  "_SECRET_KEY",
                                                "_ACCESS_KEY", "_ACCESS_TOKEN", "_API_TOKEN"};
  return value.size() < 64 && is_upper(value[0]) &&
         std::any_of(std::begin(kLasts), std::end(kLasts),
                     [&](std::string_view last) { return value.ends_with(last); }) &&
         std::all_of(value.begin(), value.end(), [](char c) { return is_upper(c) || c == '_'; });
}

bool is_dashed_name(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("-_.:");
  if (value.size() > kLookedAt) return false;
  size_t words = 0;
  for (size_t at = 0; at <= value.size();) {
    size_t end = at;
    while (end < value.size() && !kJoints.has(value[end])) ++end;
    std::string_view part = value.substr(at, end - at);
    const bool word = std::all_of(part.begin(), part.end(), is_lower) && !is_unpronounceable(part);
    if (part.empty() || (!word && !std::all_of(part.begin(), part.end(), is_digit))) return false;
    words += word;
    at = end + 1;
  }
  return words >= 2;
}

bool is_dotted_name(std::string_view value) {
  constexpr size_t kFarthest = 32;
  std::string_view head = value.substr(0, kFarthest + 1);
  size_t first = head.find('.');
  size_t second = first == kNone ? kNone : head.find('.', first + 1);
  if (second > kFarthest || first < 2 || second - first < 3) return false;
  bool words = std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(second),
                           [](char c) { return is_lower(c) || c == '.' || c == '-'; });
  return words && value.size() < 80 && std::all_of(value.begin(), value.end(), [](char c) {
           return is_alnum(c) || c == '.' || c == '/' || c == ':' || c == '_' || c == '-' ||
                  c == '$';
         });
}

bool is_pair(std::string_view value) {
  constexpr size_t kFarthest = 32;
  size_t equals = value.substr(0, kFarthest + 1).find('=');
  if (equals == kNone || equals < 2 || equals + 1 >= value.size()) return false;
  if (value.find_first_not_of('=', equals) == kNone) return false;  // padding
  std::string_view name = value.substr(0, equals);
  return is_letter(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter(c) || c == '_' || c == '-';
         });
}

bool is_key_algorithm(std::string_view value) {
  if (value == "hmac-md5" || value == "hmac-sha1" || value == "hmac-sha256") return true;
  return value.size() < 32 &&
         (value.starts_with("ssh-") || value.starts_with("ecdsa-sha2-") ||
          value.starts_with("rsa-sha2-") || value.starts_with("sk-ssh-")) &&
         !is_scrambled(value.substr(4));
}

bool is_object_name(std::string_view value) {
  if (value.size() > 128 || !is_lower(value.front()) || value.back() == '/') return false;
  bool of_names = std::all_of(value.begin(), value.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == '/';
  });
  if (!of_names || std::count(value.begin(), value.end(), '/') != 1) return false;
  if (value.find('-') == kNone) return false;  // winter/summer may be a password
  return !is_scrambled(value);
}

bool is_account_secret(std::string_view value) {
  constexpr size_t kSuffix = 5;
  if (value.size() > 80 || value.size() <= kSuffix) return false;
  if (value[value.size() - kSuffix - 1] != '-') return false;
  std::string_view name = value.substr(0, value.size() - kSuffix);
  return (name.ends_with("-token-") || name.ends_with("-dockercfg-")) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '/'; });
}

bool is_scoped_name(std::string_view value) {
  return value.size() < 80 && value.find("::") != kNone && is_letter(value[0]) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || c == ':' || c == '_' || c == ','; });
}

bool is_compared_member(std::string_view value) {
  static constexpr std::string_view kWords[] = {"assword", "passwd", "oken",     "ecret",
                                                "key",     "Key",    "assphrase"};
  if (value.size() > 80 || !is_lower(value[0])) return false;
  size_t dot = value.rfind('.');
  if (dot == kNone || dot == 0) return false;
  while (value.back() == ':' || value.back() == ')' || value.back() == ';') value.remove_suffix(1);
  return value.size() > dot && holds_any(value.substr(dot), kWords) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || c == '_' || c == '.' || c == '?'; });
}

bool is_object_reference(std::string_view value) {
  constexpr size_t kLongestNumber = 16;
  constexpr size_t kShortestNumber = 4;  // of those that Java's objects have
  if (!is_letter(value[0])) return false;
  const size_t last = value.size() - std::min(value.size(), kLongestNumber + 1);
  const size_t mark = std::min(value.find('{', last), value.find('@', last));
  if (mark == kNone) return false;
  std::string_view name = value.substr(0, mark);
  std::string_view number = value.substr(mark + 1);
  if (value[mark] == '@' && number.size() < kShortestNumber) return false;  // Winter2024@, Pass@1
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alnum(c) || c == '.' || c == '$' || c == '_'; }) &&
         std::all_of(number.begin(), number.end(), [](char c) { return is_hex(c) || c == '}'; });
}

bool is_printed_object(std::string_view value) {
  static constexpr std::string_view kSecrets[] = {"Token", "Secret", "Key", "Pass", "Cred", "Auth"};
  constexpr size_t kLongestName = 64;
  if (!is_upper(value[0])) return false;
  value = value.substr(0, kLongestName);
  const size_t brace = value.find('{');
  if (brace == kNone || brace < 4) return false;
  size_t colon = brace + 1;
  while (colon < value.size() && is_letter(value[colon])) ++colon;
  if (colon < brace + 3 || colon >= value.size() || value[colon] != ':') return false;
  std::string_view name = value.substr(0, brace);
  return !holds_any(name, kSecrets) && std::all_of(name.begin(), name.end(), is_letter);
}

}  // namespace redactd
