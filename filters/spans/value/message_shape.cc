#include "filters/spans/value/message_shape.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/value_check.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

/// What validation says in German, French, Spanish, Portuguese, Italian, Dutch, Polish, Czech,
/// Swedish, Turkish, Hungarian and Russian: parts of words.
constexpr std::string_view kSaidElsewhere[] = {
    "mindestens", "erforderlich", "Zeichen",   "ngültig", "zu kurz", "obligat", "caract", "obrigat",
    "obbligat",   "caratter",     "verplicht", "tekens",  "wymagan", "povinn",  "krävs",  "tecken",
    "zorunlu",    "karakter",     "kötelező",  "олжен",   "олжн",    "бязат",   "символ"};

/// Chinese, Japanese and Korean, which have few blanks.
constexpr std::string_view kSaidInEastAsia[] = {"必须", "不能",     "至少", "长度",
                                                "必須", "ください", "入力", "필수",
                                                "입력", "하세요",   "해야", "이상"};

/// What a passphrase may hold, too: not one of three words.
constexpr std::string_view kSaidLessPlainly[] = {
    "should ",   "mandatory", "does not",  "at least", " password ", " passphrase ", "muss",
    "darf",      "stimm",     "doit",      "debe",     "deve",       "moet",         "musi",
    "måste",     "znak",      "Passwort ", "enha ",    "eslo ",      "achtwoord",    "mot de passe",
    "ontraseña", "asło",      "ifre ",     "elszó",    "ösenord",    "ароль"};

/// The length of `\\u5bc6` at `at`, behind more backslashes where JSON stands in JSON, and its
/// first digits; 0: none is there.
size_t spelt_character(std::string_view value, size_t at, std::string_view& digits) {
  constexpr size_t kDigits = 4;
  if (value[at] != '\\') return 0;
  const size_t letter = std::min(value.find_first_not_of('\\', at), value.size());
  digits = value.substr(std::min(letter + 1, value.size()), kDigits);
  if (value.substr(letter, 1) != "u" || digits.size() < kDigits) return 0;
  return std::all_of(digits.begin(), digits.end(), is_hex) ? letter + 1 + kDigits - at : 0;
}

/// Han, Kana or Hangul and their marks alone, two and more: no keyboard types it into a field that
/// shows dots.
bool is_east_asian(std::string_view value) {
  constexpr size_t kSize = 3;  // bytes a character
  size_t seen = 0;
  for (size_t at = 0; at < value.size(); ++seen) {
    if (value[at] == ' ') {
      ++at;
      continue;
    }
    std::string_view digits;
    if (const size_t size = spelt_character(value, at, digits); size != 0) {
      if (to_lower(digits[0]) > 'd' || digits[0] < '3') return false;  // 3000 to dfff
      at += size;
      continue;
    }
    const auto lead = static_cast<unsigned char>(value[at]);
    if (lead < 0xe3 || lead > 0xed || at + kSize > value.size()) return false;
    at += kSize;
  }
  return seen >= 2;
}

/// How many words there are, if none mixes letters with digits or has more than three of them.
bool counts_words(std::string_view value, size_t& words) {
  constexpr size_t kMostDigits = 3;
  static constexpr ByteClass kMarks = ByteClass::of(".,:;!?'\"()-/");
  for (size_t at = 0; at < value.size();) {
    size_t end = std::min(value.find(' ', at), value.size());
    size_t digits = 0;
    bool letters = false;
    for (size_t i = at; i < end; ++i) {
      const char c = value[i];
      std::string_view spelt;
      if (const size_t size = spelt_character(value, i, spelt); size != 0) {
        letters = true;
        i += size - 1;
      } else if (is_digit(c)) {
        ++digits;
      } else if (is_letter(c)) {
        letters = true;
      } else if (static_cast<unsigned char>(c) < 0x80 && !kMarks.has(c)) {
        return false;
      }
    }
    if (digits > kMostDigits || (digits > 0 && letters)) return false;
    words += end > at;
    at = end + 1;
  }
  return true;
}

}  // namespace

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

bool is_message_elsewhere(std::string_view value) {
  constexpr size_t kLongest = 300;
  if (value.size() < 6 || value.size() > kLongest) return false;
  constexpr size_t kFirst = 4;  // 12文字以上
  std::string_view first = value.substr(0, kFirst);
  const bool foreign = value[0] == '\\' || std::any_of(first.begin(), first.end(), [](char c) {
                         return static_cast<unsigned char>(c) >= 0x80;
                       });
  if (!foreign && !is_upper(value[0])) return false;
  if (foreign && is_east_asian(value)) return true;
  size_t words = 0;
  if (!counts_words(value, words)) return false;
  if (foreign && holds_any(value, kSaidInEastAsia)) return true;
  return (words >= 3 && holds_any(value, kSaidElsewhere)) ||
         (words >= 4 && holds_any(value, kSaidLessPlainly));
}

bool is_prose(std::string_view value) {
  static constexpr ByteClass kMarks = ByteClass::of(" .,:;!?'\"()-_/");
  return value.size() < kMostChecked && value.find(' ') != kNone &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || kMarks.has(c); });
}

}  // namespace redactd
