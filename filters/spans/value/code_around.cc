#include "filters/spans/value/code_around.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/code_shape.h"
#include "filters/spans/value/program_words.h"
#include "filters/spans/word_list.h"

namespace redactd {

namespace {

/// `new_password: newPassword`: whether the name that ends at `key_end` is the value but for
/// underscores and capitals, of which the value has some.
bool is_name_in_camel_case(std::string_view text, size_t key_end, std::string_view value) {
  constexpr size_t kLongest = 64;
  if (value.size() < 2 || value.size() > kLongest || !is_lower(value[0])) return false;
  if (key_end == 0 || to_lower(text[key_end - 1]) != to_lower(value.back())) return false;
  if (std::none_of(value.begin(), value.end(), is_upper)) return false;
  size_t at = key_end;
  size_t underscores = 0;
  for (size_t i = value.size(); i > 0; --i) {
    while (at > 0 && text[at - 1] == '_') --at, ++underscores;
    if (at == 0 || !is_letter(value[i - 1]) || to_lower(text[at - 1]) != to_lower(value[i - 1]))
      return false;
    --at;
  }
  return underscores > 0 && (at == 0 || !is_alnum(text[at - 1]));
}

}  // namespace

bool is_own_name(std::string_view text, size_t begin, size_t end, size_t key_end) {
  constexpr size_t kLongest = 256;  // in a line of keys every value is as long as what follows
  const size_t size = end - begin;
  if (size > std::min(key_end, kLongest)) return false;
  if (text.substr(end, 2) == " }" || text.substr(end, 1) == ",") {
    if (is_name_in_camel_case(text, key_end, text.substr(begin, size))) return true;
  }
  std::string_view before = text.substr(0, key_end - size);
  const bool of_call =
      end < text.size() && (text[end] == ')' || text[end] == ';' || text[end] == ',');
  const bool of_object = before.ends_with("self.") || before.ends_with("this.");
  return (of_call || of_object) && text.substr(key_end - size, size) == text.substr(begin, size);
}

bool is_call_in_code(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kFarthest = 120;
  constexpr size_t kLongest = 64;
  std::string_view rest = text.substr(end, kFarthest);
  const bool object = text[end - 1] == '{';
  if (end - begin > kLongest || !rest.starts_with(object ? " " : ", ") ||
      !begins_call(text.substr(begin, end - begin)))
    return false;
  if (!object) return rest.find(')') != kNone;
  size_t name = 1;
  while (name < rest.size() && (is_letter(rest[name]) || rest[name] == '_')) ++name;
  return name > 1 && name < rest.size() && std::string_view(":,").find(rest[name]) != kNone &&
         rest.find('}') != kNone;
}

bool is_type_in_code(std::string_view text, size_t begin, size_t end) {
  static constexpr std::string_view kGenerics[] = {
      "option", "optional", "vec",       "box",     "arc",   "rc",   "result", "list", "set",
      "secret", "maybe",    "secretbox", "promise", "array", "lazy", "cow",    "map",  "zeroizing"};
  static constexpr WordList kNames(kGenerics);
  std::string_view value = text.substr(begin, end - begin);
  if (!is_upper(value[0])) return false;
  if (text.substr(end, 1) == ")")
    return value.ends_with("PrivateKey") || value.ends_with("SecretStr");
  if (text.substr(end, 1) != "<") return false;
  std::string_view argument = text.substr(end + 1);
  if (argument.starts_with("string>") || argument.starts_with("String>")) return true;
  constexpr size_t kLongest = 48;
  static constexpr ByteClass kOfTypes = alnum_and("_:&<>[], ");
  argument = argument.substr(0, kLongest);
  const size_t close = argument.find('>');
  return kNames.has(value) && close != kNone && kOfTypes.has_all(argument.substr(0, close));
}

bool is_switch(std::string_view text, size_t begin, size_t end) {
  std::string_view value = text.substr(begin, end - begin);
  if (begin < 3 || text.substr(begin - 2, 2) != ", ") return false;
  const size_t equals = value.find('=');
  if (equals == kNone || equals < 3) return false;
  while (!value.empty() && value.back() == ')') value.remove_suffix(1);
  std::string_view name = value.substr(0, equals);
  value.remove_prefix(equals + 1);
  constexpr size_t kMostDigits = 4;  // max_length=128
  static constexpr std::string_view kSizes[] = {"max", "min", "len", "size", "width"};
  const bool number = !value.empty() && value.size() <= kMostDigits &&
                      std::all_of(value.begin(), value.end(), is_digit) && holds_any(name, kSizes);
  return (number || std::find(std::begin(kSwitchValues), std::end(kSwitchValues), value) !=
                        std::end(kSwitchValues)) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_lower(c) || c == '_'; });
}

bool is_command(std::string_view text, size_t begin, size_t end) {
  std::string_view value = text.substr(begin, end - begin);
  return begin > 1 && text[begin - 2] == '=' &&
         std::any_of(std::begin(kSecretCommands), std::end(kSecretCommands),
                     [&](std::string_view command) { return value.starts_with(command); });
}

bool is_comment_on_column(std::string_view text, size_t begin, size_t key_end) {
  constexpr size_t kLongest = 128;
  constexpr std::string_view kComment = "COMMENT ON COLUMN ";
  if (text.substr(key_end, begin - key_end) != " IS '") return false;
  const size_t first = key_end - std::min(key_end, kLongest);
  std::string_view before = text.substr(first, key_end - first);
  const size_t blank = before.rfind(' ');
  return blank != kNone && before.substr(0, blank + 1).ends_with(kComment);
}

}  // namespace redactd
