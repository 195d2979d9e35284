#include "filters/spans/value/message_shape.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/value_check.h"
#include "filters/spans/word_list.h"

namespace redactd {

bool is_remark(std::string_view value) {
  if (value == "(not" || value == "[not" || value == "[None") return true;
  return value.size() > 4 && value[0] == '(' &&
         std::all_of(value.begin() + 1, value.end(), is_lower);
}

bool is_word_code(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("_-");
  return value.size() < 20 && is_lower(value.front()) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_lower(c) || kJoints.has(c); }) &&
         kJoints.any_in(value);
}

bool is_error_code(std::string_view value) {
  static constexpr std::string_view kStates[] = {"invalid",  "expired", "missing", "required",
                                                 "denied",   "failed",  "revoked", "unknown",
                                                 "mismatch", "not_"};
  static constexpr ByteClass kOfCodes = [] {
    ByteClass bytes = ByteClass::of("_");
    bytes.add_range('a', 'z');
    return bytes;
  }();
  return value.size() < 40 && kOfCodes.has_all(value) && value.find('_') != kNone &&
         holds_any(value, kStates);
}

bool is_message(std::string_view value) {
  static constexpr std::string_view kWords[] = {
      "must",      "required",  "characters", "doesn't",    "can't",       "cannot",
      "too short", "too long",  "too weak",   "invalid",    "incorrect",   "not match",
      "password?", "not found", "may not",    "too common", "too similar", "entirely numeric"};
  return value.size() < 200 && value.find(' ') != kNone && holds_any(value, kWords);
}

bool is_prose(std::string_view value) {
  static constexpr ByteClass kMarks = ByteClass::of(" .,:;!?'\"()-_/");
  return value.size() < kMostChecked && value.find(' ') != kNone &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || kMarks.has(c); });
}

}  // namespace redactd
