#include "filters/spans/value/number_shape.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr std::string_view kDigestNames[] = {"sha1", "sha256", "sha384", "sha512", "md5"};

}  // namespace

bool is_number(std::string_view value) {
  static constexpr ByteClass kOfNumbers = ByteClass::of("0123456789.,-+%");
  return !value.empty() && value.size() < 12 &&
         std::all_of(value.begin(), value.end(), [](char c) { return kOfNumbers.has(c); });
}

bool is_ratio(std::string_view value) {
  if (value.size() >= 12) return false;
  const size_t slash = value.find('/');
  return slash != kNone && slash > 0 && slash + 1 < value.size() &&
         std::all_of(value.begin(), value.end(), [](char c) { return is_digit(c) || c == '/'; });
}

bool is_duration_or_size(std::string_view value) {
  size_t digits = 0;
  while (digits < value.size() && (is_digit(value[digits]) || value[digits] == '.')) ++digits;
  return digits > 0 && value.size() - digits <= 3 && value.size() <= 10 &&
         std::all_of(value.begin() + static_cast<std::ptrdiff_t>(digits), value.end(), is_letter);
}

bool is_version_in_parentheses(std::string_view value) {
  static constexpr ByteClass kMarks = ByteClass::of(".:");
  return value.size() > 4 && value[0] == '(' && value.back() == ')' && is_digit(value[1]) &&
         kMarks.any_in(value) && std::all_of(value.begin() + 1, value.end() - 1, [](char c) {
           return is_lower(c) || is_digit(c) || std::string_view(".:+~-").find(c) != kNone;
         });
}

bool is_digest(std::string_view value) {
  constexpr std::string_view kSsh = "SHA256:";  // and base64, as ssh-keygen prints a key's
  constexpr size_t kSize = 43;
  if (value.size() == kSsh.size() + kSize && value.starts_with(kSsh))
    return is_base64(value.substr(kSsh.size()));
  size_t colon = value.substr(0, 16).rfind(':');
  return colon != kNone && looks_like_hash(value.substr(colon + 1)) &&
         holds_any(value.substr(0, colon), kDigestNames);
}

bool ends_in_hash(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("-_:./");
  size_t hash = value.size();
  while (hash > 0 && is_hex(value[hash - 1])) --hash;
  if (hash == 0 || value.size() - hash < 32 || !kJoints.has(value[hash - 1])) return false;
  return looks_like_hash(value.substr(hash)) && !is_scrambled(value.substr(0, hash - 1));
}

}  // namespace redactd
