#include "filters/spans/value/label.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

constexpr std::string_view kEnglishNames[] = {"password", "passwords", "passphrase", "passcode"};
constexpr WordList kEnglish(kEnglishNames);

constexpr std::string_view kForeignNames[] = {
    "passwort", "kennwort", "contraseña", "contrasena",  "passe",      "senha",      "wachtwoord",
    "salasana", "hasło",    "heslo",      "jelszó",      "lozinka",    "passord",    "lösenord",
    "parola",   "şifre",    "Şifre",      "adgangskode", "パスワード", "密码",       "密碼",
    "비밀번호", "Пароль",   "пароль",     "parool",      "geslo",      "contrasinal"};
constexpr WordList kForeign(kForeignNames);

/// What a longer label in English begins with: `My Secret Password` may be a passphrase.
constexpr std::string_view kBeginnings[] = {
    "enter",  "your",   "confirm", "choose",  "create", "change",    "reset",    "forgot",
    "repeat", "retype", "show",    "hide",    "new",    "current",   "old",      "type",
    "please", "set",    "update",  "invalid", "wrong",  "incorrect", "remember", "re-enter"};
constexpr WordList kFirstWords(kBeginnings);

constexpr std::string_view kOtherNames[] = {"secret", "token", "key"};
constexpr WordList kOthers(kOtherNames);

constexpr std::string_view kMarksBehind = ".:?!*";

bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool is_of_labels(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return is_letter(c) || is_foreign(c) || c == ' ' || c == '\'' || c == '-' || c == '(' ||
           c == ')' || kMarksBehind.find(c) != kNone;
  });
}

std::string_view without_marks(std::string_view word) {
  while (!word.empty() && kMarksBehind.find(word.back()) != kNone) word.remove_suffix(1);
  return word;
}

/// `Password`, `Enter your password`, `Client Secret`, `Mot de passe`. `password` may be a weak
/// one.
bool is_label(std::string_view value) {
  constexpr size_t kLongest = 64;
  constexpr size_t kMostWords = 7;
  constexpr size_t kFewWords = 2;  // Client Secret: Secret Garden Nights may be a passphrase
  if (value.empty() || value.size() > kLongest) return false;
  if (!may_begin_label(value[0]) || !is_of_labels(value)) return false;
  bool english = false;
  bool foreign = false;
  bool other = false;  // the last word
  bool asks = false;   // the first word
  size_t words = 0;
  for (size_t at = 0; at < value.size(); ++words) {
    const size_t end = std::min(value.find(' ', at), value.size());
    std::string_view word = without_marks(value.substr(at, end - at));
    english = english || kEnglish.has(word);
    foreign = foreign || kForeign.has(word);
    other = kOthers.has(word);
    asks = asks || (at == 0 && kFirstWords.has(word));
    at = end + 1;
  }
  if (foreign || (english && asks)) return words <= kMostWords;
  return (english || other) && words <= kFewWords;
}

/// Nothing but blanks stands before the key with dots that ends at `end`.
bool key_begins_line(const RecordView& record, size_t end) {
  std::string_view text = record.text;
  constexpr size_t kLongest = 128;
  const size_t first = end - std::min(end, kLongest);
  while (end > first && (is_name_byte(text[end - 1]) || text[end - 1] == '.')) --end;
  while (end > first && is_blank(text[end - 1])) --end;
  return end == 0 ? record.starts_record : text[end - 1] == '\n';
}

/// `'   => '`, in columns.
bool stand_around_blanks(std::string_view text, std::string_view first, std::string_view last) {
  if (!text.starts_with(first) || !text.ends_with(last)) return false;
  if (text.size() <= first.size() + last.size()) return false;
  return text.substr(first.size(), text.size() - first.size() - last.size())
             .find_first_not_of(' ') == kNone;
}

/// `$lang['`, `$labels['`
bool is_in_array_of_labels(std::string_view before) {
  return before.ends_with("lang['") || before.ends_with("labels['") ||
         before.ends_with("messages['") || before.ends_with("string['");
}

/// Whether a file of translations may have the key: behind `=` a dotted one, never one in capitals.
bool may_name_label(std::string_view text, size_t key_end, size_t begin) {
  static constexpr ByteClass kOfKey = alnum_and("._-");
  size_t key_begin = key_end;
  while (key_begin > 0 && kOfKey.has(text[key_begin - 1])) --key_begin;
  std::string_view key = text.substr(key_begin, key_end - key_begin);
  if (key.empty() || is_upper(key.back())) return false;
  std::string_view separator = text.substr(key_end, begin - key_end);
  if (separator.find('=') != kNone) {
    if (stand_around_blanks(separator, "'", "=> '")) return true;  // of PHP
    if (stand_around_blanks(separator, "']", "= '"))
      return is_in_array_of_labels(text.substr(0, key_begin));
    return key.find('.') != kNone;
  }
  return separator.find(':') != kNone;
}

}  // namespace

bool is_label_of_field(const RecordView& record, size_t begin, size_t end, size_t key_end,
                       bool quoted) {
  constexpr size_t kLongest = 64;
  std::string_view text = record.text;
  if (!may_name_label(text, key_end, begin)) return false;
  std::string_view value = text.substr(begin, end - begin);
  if (is_label(value)) return true;
  if (quoted || !key_begins_line(record, key_end)) return false;
  if (std::any_of(value.begin(), value.end(), is_digit)) return false;
  const size_t farthest = std::min(text.size(), begin + kLongest);
  const size_t stop = std::min(text.substr(0, farthest).find_first_of("\r\n", begin), farthest);
  if (stop == text.size() && !record.ends_record) return false;
  if (stop < text.size() && text[stop] != '\r' && text[stop] != '\n') return false;
  return is_label(text.substr(begin, stop - begin));
}

}  // namespace redactd
