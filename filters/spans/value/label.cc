#include "filters/spans/value/label.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

constexpr std::string_view kEnglishNames[] = {"password", "passwords", "passphrase", "passcode"};
constexpr WordList kEnglish(kEnglishNames);

constexpr std::string_view kForeignNames[] = {
    "passwort",   "kennwort", "contraseña", "contrasena", "passe",  "senha",
    "wachtwoord", "salasana", "hasło",      "heslo",      "jelszó", "lozinka",
    "passord",    "lösenord", "parola",     "şifre",      "Şifre",  "adgangskode",
    "パスワード", "密码",     "密碼",       "비밀번호",   "Пароль", "пароль"};
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

}  // namespace

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

}  // namespace redactd
