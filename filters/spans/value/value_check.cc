#include "filters/spans/value/value_check.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>

#include "filters/byte_class.h"
#include "filters/byte_search.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/code_shape.h"
#include "filters/spans/value/placeholder.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr size_t kLookedAt = 512;
constexpr size_t kLongest = kMostChecked - 1;

/// What the bytes of a value are that tell what it may be.
enum ByteKind : uint16_t {
  kSlash = 1,
  kDot = 2,
  kDash = 4,
  kEquals = 8,
  kColon = 16,
  kSpace = 32,
  kOfObject = 64,  // { @
  kOfCode = 128,   // $ ( [ }
};
constexpr std::array<uint16_t, 256> kKinds = [] {
  std::array<uint16_t, 256> kinds{};
  kinds['/'] = kSlash;
  kinds['.'] = kDot;
  kinds['-'] = kDash;
  kinds['='] = kEquals;
  kinds[':'] = kColon;
  kinds[' '] = kSpace;
  for (unsigned char c : {'{', '@'}) kinds[c] = kOfObject;
  for (unsigned char c : {'$', '(', '[', '}'}) kinds[c] = kOfCode;
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

constexpr std::string_view kDigestNames[] = {"sha1", "sha256", "sha384", "sha512", "md5"};

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

bool is_plain_word(std::string_view value) {
  static constexpr ByteClass kOfWords = letters_and("-_.");
  return !value.empty() && value.size() < 24 && kOfWords.has_all(value) && !is_mixed(value) &&
         !is_unpronounceable(value);
}

/// TestExpiry/token_is_expired, orders/by_customer: names of several words, without a digit.
bool is_compound(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("/_");
  return value.size() < 80 &&
         std::all_of(
             value.begin(), value.end(),
             [](char c) { return is_letter(c) || c == '-' || c == '_' || c == '.' || c == '/'; }) &&
         kJoints.any_in(value);
}

bool is_number(std::string_view value) {
  static constexpr ByteClass kOfNumbers = ByteClass::of("0123456789.,-+%");
  return !value.empty() && value.size() < 12 &&
         std::all_of(value.begin(), value.end(), [](char c) { return kOfNumbers.has(c); });
}

/// 12/12: how many of how many.
bool is_ratio(std::string_view value) {
  if (value.size() >= 12) return false;
  const size_t slash = value.find('/');
  return slash != kNone && slash > 0 && slash + 1 < value.size() &&
         std::all_of(value.begin(), value.end(), [](char c) { return is_digit(c) || c == '/'; });
}

/// 0x7f3a2b10c4d0
bool is_address(std::string_view value) {
  if (value.size() > 18 || !(value.starts_with("0x") || value.starts_with("0X"))) return false;
  return std::all_of(value.begin() + 2, value.end(), is_hex);
}

/// Whether so few different bytes stand in a long value that its entropy is below 4.2 whatever
/// their order, which costs less to tell.
bool has_few_bytes(std::string_view value) {
  constexpr size_t kLong = 64;
  constexpr unsigned kFew = 18;  // 2^4.2 = 18.4
  if (value.size() < kLong) return false;
  std::array<uint8_t, 256> seen{};
  for (char c : value) seen[static_cast<unsigned char>(c)] = 1;
  return std::accumulate(seen.begin(), seen.end(), 0u) <= kFew;
}

/// /home/bob, /run/secrets/db: but a base64 value may begin with a slash, too.
bool is_path(std::string_view value) {
  if (value.starts_with("./") || value.starts_with("../") || value.starts_with("~/")) return true;
  if (value.empty() || value[0] != '/' || value.size() > kLongest) return false;
  if (holds_byte<'+', '='>(value)) return false;  // of base64
  if (!holds_digit_or_capital(value)) return true;
  return std::count(value.begin(), value.end(), '/') >= 2 &&
         (has_few_bytes(value) || entropy(value) < 4.2);
}

bool is_path_or_url(std::string_view value) {
  if (value.size() > kLongest || value.find('/') == kNone) return false;
  return is_path(value) || holds_scheme_end(value);
}

bool is_duration_or_size(std::string_view value) {
  size_t digits = 0;
  while (digits < value.size() && (is_digit(value[digits]) || value[digits] == '.')) ++digits;
  return digits > 0 && value.size() - digits <= 3 && value.size() <= 10 &&
         std::all_of(value.begin() + static_cast<std::ptrdiff_t>(digits), value.end(), is_letter);
}

/// (sensitive value), (known after apply), (not set), [not set], [None, "x"], of which a blank
/// leaves the first word.
bool is_remark(std::string_view value) {
  if (value == "(not" || value == "[not" || value == "[None") return true;
  return value.size() > 4 && value[0] == '(' &&
         std::all_of(value.begin() + 1, value.end(), is_lower);
}

/// (1:4.13+dfsg1-1): the version behind a package's name.
bool is_version_in_parentheses(std::string_view value) {
  static constexpr ByteClass kMarks = ByteClass::of(".:");
  return value.size() > 4 && value[0] == '(' && value.back() == ')' && is_digit(value[1]) &&
         kMarks.any_in(value) && std::all_of(value.begin() + 1, value.end() - 1, [](char c) {
           return is_lower(c) || is_digit(c) || std::string_view(".:+~-").find(c) != kNone;
         });
}

/// ssh-ed25519, ecdsa-sha2-nistp256: an algorithm of SSH's keys.
bool is_key_algorithm(std::string_view value) {
  return value.size() < 32 &&
         (value.starts_with("ssh-") || value.starts_with("ecdsa-sha2-") ||
          value.starts_with("rsa-sha2-") || value.starts_with("sk-ssh-")) &&
         !is_scrambled(value.substr(4));
}

/// default/web-tls: an object of Kubernetes by its namespace and name.
bool is_object_name(std::string_view value) {
  if (value.size() > 128 || !is_lower(value.front()) || value.back() == '/') return false;
  bool of_names = std::all_of(value.begin(), value.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == '/';
  });
  if (!of_names || std::count(value.begin(), value.end(), '/') != 1) return false;
  if (value.find('-') == kNone) return false;  // winter/summer may be a password
  return !is_scrambled(value);
}

/// sha256:…, hmac-sha256:…: says itself that it is a digest.
bool is_digest(std::string_view value) {
  size_t colon = value.substr(0, 16).rfind(':');
  return colon != kNone && looks_like_hash(value.substr(colon + 1)) &&
         holds_any(value.substr(0, colon), kDigestNames);
}

/// default-token-x7k2p: a Secret of a service account, five letters of Kubernetes' own behind it.
bool is_account_secret(std::string_view value) {
  constexpr size_t kSuffix = 5;
  if (value.size() > 80 || value.size() <= kSuffix) return false;
  if (value[value.size() - kSuffix - 1] != '-') return false;
  std::string_view name = value.substr(0, value.size() - kSuffix);
  return (name.ends_with("-token-") || name.ends_with("-dockercfg-")) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '/'; });
}

/// Token::Ident, std::string: a name in its scope.
bool is_scoped_name(std::string_view value) {
  return value.size() < 80 && value.find("::") != kNone && is_letter(value[0]) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || c == ':' || c == '_' || c == ','; });
}

/// other.password, form.user_token: what is compared with a key of the same kind, in code.
bool is_compared_member(std::string_view value) {
  static constexpr std::string_view kWords[] = {"password", "passwd", "token", "secret", "key"};
  if (value.size() > 80 || !is_lower(value[0])) return false;
  size_t dot = value.rfind('.');
  if (dot == kNone || dot == 0) return false;
  while (value.back() == ':' || value.back() == ')' || value.back() == ';') value.remove_suffix(1);
  return value.size() > dot && holds_any(value.substr(dot), kWords) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || c == '_' || c == '.'; });
}

/// Token{9f4ef63, android.os.BinderProxy@2bd79ce: how objects print themselves.
bool is_object_reference(std::string_view value) {
  constexpr size_t kLongestNumber = 16;
  if (!is_letter(value[0])) return false;
  const size_t last = value.size() - std::min(value.size(), kLongestNumber + 1);
  const size_t mark = std::min(value.find('{', last), value.find('@', last));
  if (mark == kNone) return false;
  std::string_view name = value.substr(0, mark);
  std::string_view number = value.substr(mark + 1);
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alnum(c) || c == '.' || c == '$' || c == '_'; }) &&
         std::all_of(number.begin(), number.end(), [](char c) { return is_hex(c) || c == '}'; });
}

/// Session{email:bob@example.com: the beginning of an object as Go prints it, whose members tell. A
/// Token{… is what its name says.
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

/// com.apple.xpc.activity/4505
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

/// `expires_in=3600` behind a word that is no key of its own: another pair.
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

/// invalid_grant, wrong-password: a code of words. Longer ones may be a passphrase.
bool is_word_code(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("_-");
  return value.size() < 20 && is_lower(value.front()) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_lower(c) || kJoints.has(c); }) &&
         kJoints.any_in(value);
}

/// invalid_grant, token_not_valid: a code of an error, in quotes.
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

/// What validation says about a field: "must be at least 8 characters", "is required".
bool is_message(std::string_view value) {
  static constexpr std::string_view kWords[] = {
      "must",      "required",  "characters", "doesn't",    "can't",       "cannot",
      "too short", "too long",  "too weak",   "invalid",    "incorrect",   "not match",
      "password?", "not found", "may not",    "too common", "too similar", "entirely numeric"};
  return value.size() < 200 && value.find(' ') != kNone && holds_any(value, kWords);
}

/// Words with blanks between them and no digit: a message, not a token.
bool is_prose(std::string_view value) {
  static constexpr ByteClass kMarks = ByteClass::of(" .,:;!?'\"()-_/");
  return value.size() <= kLongest && value.find(' ') != kNone &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || kMarks.has(c); });
}

bool is_yaml_tag(std::string_view value) {
  static constexpr std::string_view kTags[] = {"!Ref",       "!vault", "!Sub",   "!GetAtt",
                                               "!reference", "!ENV",   "!secret"};
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
      words || named || is_type(value) || is_number(value) || is_address(value) ||
      is_duration_or_size(value) || is_remark(value) || is_version_in_parentheses(value) ||
      (kinds.may_have(kSlash) && is_path_or_url(value)) ||
      (kinds.may_have(kSpace) && (is_message(value) || is_prose(value))) ||
      (kinds.may_have(kDot | kOfCode) && is_code(value)) ||
      (kinds.may_have(kDot) && (is_dotted_name(value) || is_compared_member(value))) ||
      (kinds.may_have(kOfObject) && (is_object_reference(value) || is_printed_object(value))) ||
      (kinds.may_have(kColon) && (is_digest(value) || is_scoped_name(value))) ||
      (kinds.may_have(kDash) && (is_key_algorithm(value) || is_account_secret(value))) ||
      is_error_code(value) || is_yaml_tag(value);
  return plain ? Verdict::plain_word : Verdict::masked;
}

/// AWSLogs/2026/03/01/eu-west-1_log.json.gz: base64 has slashes, too, but then no dots or dashes.
bool is_object_path(std::string_view value) {
  static constexpr ByteClass kNotOfBase64 = ByteClass::of("-._");
  return std::count(value.begin(), value.end(), '/') >= 2 && kNotOfBase64.any_in(value);
}

size_t last_of(std::string_view value, char c) {
  const void* found = memrchr(value.data(), c, value.size());
  return found == nullptr ? kNone
                          : static_cast<size_t>(static_cast<const char*>(found) - value.data());
}

/// logs/app-20260301.gz, images/4f0c….webp: a path that ends in a file's name.
bool is_file_path(std::string_view value) {
  size_t slash = last_of(value, '/');
  if (slash == kNone) return false;
  size_t dot = last_of(value, '.');
  if (dot == kNone || dot < slash + 2 || value.size() - dot > 6) return false;
  std::string_view extension = value.substr(dot + 1);
  return extension.size() >= 2 && std::all_of(extension.begin(), extension.end(), is_lower);
}

/// Linux-node-4f0c3a…: a cache's key, words and the digest of what it depends on.
bool ends_in_hash(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("-_:./");
  size_t hash = value.size();
  while (hash > 0 && is_hex(value[hash - 1])) --hash;
  if (hash == 0 || value.size() - hash < 32 || !kJoints.has(value[hash - 1])) return false;
  return looks_like_hash(value.substr(hash)) && !is_scrambled(value.substr(0, hash - 1));
}

/// orders-by-customer-2026-11-03: words and numbers.
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

Verdict check_weak(std::string_view value) {
  static constexpr ByteClass kNotOfAKey = ByteClass::of(" ()[]{}<>:,;\\@*?|");
  if (value.size() < 16 || std::none_of(value.begin(), value.end(), is_digit) || !is_mixed(value) ||
      kNotOfAKey.any_in(value))
    return Verdict::not_random;
  if (looks_like_hash(value) || is_address(value)) return Verdict::not_random;
  if (is_object_path(value) || is_file_path(value) || ends_in_hash(value) || is_dashed_name(value))
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
  static constexpr std::string_view kWords[] = {"|",     ">",     "|-",    ">-",      "await",
                                                "async", "amd64", "arm64", "DEFAULT", "must"};
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
         is_remark(value) || is_address(value) || is_mount(value);
}

}  // namespace

Verdict check_value(std::string_view value, const ValueSetting& setting) {
  if (value.empty()) return Verdict::no_value;
  if (is_placeholder(value)) return Verdict::placeholder;
  const std::string_view head = value.substr(0, kMostChecked);
  std::string_view word = head;
  while (!word.empty() && (word.back() == '.' || word.back() == ':' || word.back() == '!')) {
    word.remove_suffix(1);
  }
  if (value[0] == 'H' && value.starts_with("HTTP/") && value.size() <= 8)
    return Verdict::plain_word;  // HTTP/1.1
  const KindsOfBytes kinds(value);
  if (setting.sentence &&
      (is_sentence_word(word) || (kinds.may_have(kDot) && is_compared_member(value))))
    return Verdict::plain_word;
  switch (setting.strength) {
    case Strength::strong:
      if (!setting.quoted &&
          (is_listing(value, word, kinds) || (kinds.may_have(kSlash) && is_ratio(value))))
        return Verdict::plain_word;
      if (!setting.quoted && value.size() == 1 && is_letter(value[0]))
        return Verdict::plain_word;  // ({password:t,user:n}) of minified code
      if (kinds.may_have(kDash) &&
          ((kinds.may_have(kSlash) && is_object_name(value)) || is_account_secret(value)))
        return Verdict::plain_word;
      if (kinds.may_have(kSpace) && is_message(value)) return Verdict::plain_word;
      if (setting.quoted && is_type(value)) return Verdict::plain_word;
      if (is_path(value)) return Verdict::plain_word;  // PWD=/home/bob, password: /run/secrets/db
      return Verdict::masked;
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
