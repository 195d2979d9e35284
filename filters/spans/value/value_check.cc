#include "filters/spans/value/value_check.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "filters/byte_class.h"
#include "filters/spans/value/code_shape.h"
#include "filters/spans/value/message_shape.h"
#include "filters/spans/value/name_shape.h"
#include "filters/spans/value/number_shape.h"
#include "filters/spans/value/path_shape.h"
#include "filters/spans/value/placeholder.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// What the bytes of a value are that tell what it may be.
enum ByteKind : uint8_t {
  kSlash = 1,
  kDot = 2,
  kDash = 4,
  kColon = 8,
  kSpace = 16,
  kOfObject = 32,  // { @
  kOfCode = 64,    // $ ( [ }
  kForeign = 128,  // no ASCII, or spelt out
};
constexpr std::array<uint8_t, 256> kKinds = [] {
  std::array<uint8_t, 256> kinds{};
  kinds['/'] = kSlash;
  kinds['.'] = kDot;
  kinds['-'] = kDash;
  kinds[':'] = kColon;
  kinds[' '] = kSpace;
  for (unsigned char c : {'{', '@'}) kinds[c] = kOfObject;
  for (unsigned char c : {'$', '(', '[', '}'}) kinds[c] = kOfCode;
  for (size_t c = 0x80; c < kinds.size(); ++c) kinds[c] = kForeign;
  kinds['\\'] = kForeign;  // \u5bc6
  return kinds;
}();

/// The kinds that a value may have: looked at once, for most of what a value is compared with asks
/// for one that it has not. In a long one that look costs more than it saves.
class KindsOfBytes {
 public:
  explicit KindsOfBytes(std::string_view value) {
    constexpr size_t kLong = 64;
    if (value.size() > kLong) {
      kinds_ = ~0u;
      return;
    }
    unsigned kinds = 0;
    for (char c : value) kinds |= kKinds[static_cast<unsigned char>(c)];
    kinds_ = kinds;
  }
  bool may_have(unsigned kind) const { return (kinds_ & kind) != 0; }

 private:
  unsigned kinds_ = 0;
};

/// `✓` of `PASS="✓"`: one character that is no ASCII.
bool is_one_sign(std::string_view value) {
  constexpr size_t kLongest = 4;
  return value.size() <= kLongest && static_cast<unsigned char>(value[0]) >= 0xc0 &&
         std::all_of(value.begin() + 1, value.end(),
                     [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; });
}

bool is_yaml_tag(std::string_view value) {
  static constexpr std::string_view kTags[] = {"!Ref",       "!vault", "!Sub",    "!GetAtt",
                                               "!reference", "!ENV",   "!secret", "!env_var"};
  return value[0] == '!' && std::find(std::begin(kTags), std::end(kTags), value) != std::end(kTags);
}

Verdict check_medium(std::string_view value, const ValueSetting& setting, KindsOfBytes kinds) {
  if (value.size() < 4) return Verdict::plain_word;
  // One word in a sentence, or a short one anywhere, is more likely a state or a type than a
  // secret.
  bool words =
      is_plain_word(value) && (setting.sentence || value.size() < 12 || is_sentence_word(value));
  bool named = setting.sentence && (is_compound(value) || is_pair(value) || is_word_code(value));
  bool plain =
      words || named || is_constant(value) || is_type(value) || is_number(value) ||
      is_address(value) || is_duration_or_size(value) ||
      (kinds.may_have(kOfCode) && (is_remark(value) || is_version_in_parentheses(value))) ||
      (kinds.may_have(kSlash) && is_path_or_url(value)) ||
      (kinds.may_have(kSpace) && (is_message(value) || is_prose(value))) ||
      (kinds.may_have(kSpace | kForeign) && is_message_elsewhere(value)) ||
      (kinds.may_have(kDot | kOfCode) && is_code(value)) ||
      (kinds.may_have(kDot) && (is_dotted_name(value) || is_compared_member(value))) ||
      (kinds.may_have(kOfObject) && (is_object_reference(value) || is_printed_object(value))) ||
      (kinds.may_have(kColon) && (is_digest(value) || is_scoped_name(value))) ||
      (kinds.may_have(kDash) && (is_key_algorithm(value) || is_account_secret(value))) ||
      is_error_code(value) || (value[0] == '!' && (is_yaml_tag(value) || is_negation(value)));
  return plain ? Verdict::plain_word : Verdict::masked;
}

Verdict check_weak(std::string_view value) {
  static constexpr ByteClass kNotOfAKey = ByteClass::of(" ()[]{}<>:,;\\@*?|");
  if (value.size() < 16 || std::none_of(value.begin(), value.end(), is_digit) || !is_mixed(value) ||
      kNotOfAKey.any_in(value))
    return Verdict::not_random;
  if (looks_like_hash(value) || is_address(value)) return Verdict::not_random;
  if (value[0] == '/' && is_below_known_folder(value)) return Verdict::not_random;
  if (is_object_path(value) || is_file_path(value) || ends_in_hash(value) ||
      is_dashed_name(value) || is_account_secret(value))
    return Verdict::not_random;
  return entropy(value.substr(0, kLookedAt)) >= 3.5 ? Verdict::masked : Verdict::not_random;
}

Verdict check_random(std::string_view value) {
  if (value.size() < 12 || is_address(value)) return Verdict::not_random;
  if (looks_like_hash(value) && value.size() >= 24) return Verdict::masked;
  static constexpr ByteClass kNotRandom = ByteClass::of(" ()[]{}<>,;\\@*?|");
  if (is_pair(value) || kNotRandom.any_in(value) || is_path_or_url(value) ||
      is_object_path(value) || is_file_path(value) || is_dotted_name(value) ||
      is_object_reference(value)) {
    return Verdict::not_random;
  }
  if (std::none_of(value.begin(), value.end(), is_digit) ? value.size() < 20 || !is_mixed(value)
                                                         : !is_scrambled(value))
    return Verdict::not_random;
  if (is_account_secret(value)) return Verdict::not_random;
  return entropy(value.substr(0, kLookedAt)) >= 2.8 ? Verdict::masked : Verdict::not_random;
}

/// id=npmrc of docker build --secret id=npmrc,src=…
bool is_mount(std::string_view value) {
  return value.starts_with("id=") && value.size() < 40 &&
         std::all_of(value.begin() + 3, value.end(),
                     [](char c) { return is_lower(c) || c == '-' || c == '_'; });
}

/// What schemas, type listings, usage lines, code, debuggers and PAM have behind a key, without
/// quotes and in any position.
bool is_listing(std::string_view value, std::string_view word, KindsOfBytes kinds) {
  // Architectures of packages, keywords of languages, and `must not be blank`
  static constexpr std::string_view kWords[] = {"|",       ">",     "|-",    ">-",
                                                "await",   "async", "amd64", "arm64",
                                                "DEFAULT", "must",  "new",   "boolean"};
  constexpr size_t kLongestWord = 7;  // of these words
  if (value.size() <= kLongestWord &&
      std::find(std::begin(kWords), std::end(kWords), value) != std::end(kWords))
    return true;
  if (is_yaml_tag(value) || value.starts_with("ENC[") || is_type(value)) return true;
  if (value.starts_with('[') && value.ends_with(']') && value.size() > 2 &&
      is_sentence_word(value.substr(1, value.size() - 2)))
    return true;  // [required]
  return equals_ignoring_case(word, "string") || word == "chauthtok" || word == "SecretStr" ||
         word == "SecretString" || word == "SecureString" ||
         (kinds.may_have(kDot | kOfCode) && is_code(value)) || is_metavariable(value) ||
         (kinds.may_have(kOfCode) && is_remark(value)) || is_address(value) || is_mount(value) ||
         (value[0] == '!' && is_negation(value));
}

/// `word`: the value without the marks that end a sentence.
Verdict check_strong(std::string_view value, std::string_view word, bool quoted,
                     KindsOfBytes kinds) {
  if (quoted) {
    if (is_type(value)) return Verdict::plain_word;
  } else if (is_listing(value, word, kinds) || (kinds.may_have(kSlash) && is_ratio(value)) ||
             (value.size() == 1 && is_letter(value[0]))) {
    return Verdict::plain_word;  // also ({password:t,user:n}) of minified code
  }
  const bool plain =
      (kinds.may_have(kDash) &&
       ((kinds.may_have(kSlash) && is_object_name(value)) || is_account_secret(value))) ||
      (kinds.may_have(kSpace) && is_message(value)) ||
      (kinds.may_have(kSpace | kForeign) && is_message_elsewhere(value)) ||
      (kinds.may_have(kSlash) && is_path(value));  // PWD=/home/bob, password: /run/secrets/db
  return plain ? Verdict::plain_word : Verdict::masked;
}

}  // namespace

Verdict check_value(std::string_view value, const ValueSetting& setting) {
  if (value.empty()) return Verdict::no_value;
  if (is_placeholder(value)) return Verdict::placeholder;
  const std::string_view head = value.substr(0, kMostChecked);
  std::string_view word = head;
  while (!word.empty() &&
         (word.back() == '.' || word.back() == ':' || word.back() == '!' || word.back() == '?')) {
    word.remove_suffix(1);
  }
  if (value[0] == 'H' && value.starts_with("HTTP/") && value.size() <= 8)
    return Verdict::plain_word;  // HTTP/1.1
  const KindsOfBytes kinds(value);
  if (is_one_sign(value)) return Verdict::plain_word;
  const bool foreign = !setting.quoted && static_cast<unsigned char>(value[0]) >= 0x80;
  if (foreign && is_sentence_word(word)) return Verdict::plain_word;  // Пароль: неверный
  if (setting.sentence &&
      (is_sentence_word(word) || (kinds.may_have(kDot) && is_compared_member(value))))
    return Verdict::plain_word;
  switch (setting.strength) {
    case Strength::strong:
      return check_strong(value, word, setting.quoted, kinds);
    case Strength::medium:
      return check_medium(value, setting, kinds);
    case Strength::weak:
      return setting.sentence && is_pair(value) ? Verdict::not_random : check_weak(head);
    case Strength::random:
      return check_random(head);
  }
  return Verdict::masked;
}

}  // namespace redactd
