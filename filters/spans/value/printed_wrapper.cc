#include "filters/spans/value/printed_wrapper.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

constexpr std::string_view kWrappers[] = {
    "Some(",     "Secret(",   "SecretString(", "SecretStr(", "Sensitive(",
    "Optional(", "Just(",     "(*string)(",    "String(",    "<<",
    "PASSWORD(", "password(", "MD5(",          "md5(",       "SHA1(",
    "sha1(",     "SHA2(",     "sha2(",         "SHA(",       "sha(",
    "crypt(",    "CRYPT(",    "(string)",      "Token(",     "AccessToken(",
    "ApiKey(",   "Password(", "RefreshToken(", "SecretKey(", "ClientSecret("};
constexpr std::string_view kPhp = "string(";
constexpr ByteClass kFirsts = [] {  // of all that is looked for here
  ByteClass firsts = first_bytes(kWrappers);
  for (unsigned char c : {'c', 'J', '0', 'i', 's'}) firsts.add(c);
  return firsts;
}();
static_assert(std::size(kWrappers) <= 32);
constexpr std::array<uint32_t, 256> kByFirst = [] {  // a bit for each wrapper
  std::array<uint32_t, 256> wrappers{};
  for (size_t i = 0; i < std::size(kWrappers); ++i)
    wrappers[static_cast<unsigned char>(kWrappers[i][0])] |= uint32_t{1} << i;
  return wrappers;
}();

/// `(string) (len=14) "…"`, `(*string)(0xc0000102)((len=14 cap=16) "…"`: to the quote behind what
/// go-spew prints of a string's type; `at` when there is none.
size_t skip_dumped_type(std::string_view text, size_t at) {
  static constexpr ByteClass kMarks = ByteClass::of("(*.) _");
  constexpr size_t kLongest = 64;
  constexpr std::string_view kLength = "(len=";
  if (text[at] != '(') return at;
  size_t type = at;
  while (type < text.size() && type - at < kLongest &&
         (is_alnum(text[type]) || kMarks.has(text[type])))
    ++type;
  if (text.substr(type, 1) != "=" || !text.substr(at, type + 1 - at).ends_with(kLength)) return at;
  size_t close = text.substr(0, std::min(text.size(), type + kLongest)).find(") ", type);
  return close == kNone || quote_at(text, close + 2).none() ? at : close + 2;
}

/// `chr "…"` as R shows a string, `Just "…"` of Haskell, `0x55d0a8b2c1e0 "…"` as a debugger shows a
/// pointer to one: where the quote stands; `at` when there is none.
size_t skip_word_before_quote(std::string_view text, size_t at) {
  constexpr size_t kLongestAddress = 18;
  size_t end = at;
  if (text.substr(at, 2) == "0x") {
    end = at + 2;
    while (end < text.size() && end - at < kLongestAddress && is_hex(text[end])) ++end;
  } else if (text.substr(at, 4) == "chr ") {
    end = at + 3;
  } else if (text.substr(at, 5) == "Just ") {
    end = at + 4;
  }
  if (end == at || text.substr(end, 1) != " ") return at;
  Quote quote = quote_at(text, end + 1);
  return quote.mark == '"' ? end + 1 : at;
}

/// Behind as many of the wrappers as stand there in the table's order.
size_t skip_wrappers(std::string_view text, size_t at) {
  for (uint32_t later = ~0u; at < text.size();) {
    const uint32_t candidates = kByFirst[static_cast<unsigned char>(text[at])] & later;
    if (candidates == 0) break;
    const int next = std::countr_zero(candidates);
    later = ~uint32_t{1} << next;
    if (text.substr(at, kWrappers[next].size()) == kWrappers[next]) at += kWrappers[next].size();
  }
  return at;
}

/// `string(12) ` and `string(` of PHP before a quote: to the quote; `at` when there is none.
size_t skip_php_type(std::string_view text, size_t at) {
  if (text.substr(at, kPhp.size()) != kPhp) return at;
  const size_t begin = at + kPhp.size();
  size_t digits = begin;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits > begin && text.substr(digits, 2) == ") ") return digits + 2;
  return quote_at(text, digits).none() ? at : digits;
}

/// Where the quote stands behind such things; `at` when there is none.
size_t skip_to_quote(std::string_view text, size_t at) {
  if (const size_t quote = skip_word_before_quote(text, at); quote != at) return quote;
  constexpr std::string_view kGo = "interface {}(";  // not among them: many values begin with an i
  if (at + kGo.size() < text.size() && text[at] == 'i' && text[at + 1] == kGo[1] &&
      text.substr(at, kGo.size()) == kGo)
    return at + kGo.size();
  constexpr size_t kLongest = 13;  // of all but what begins with a parenthesis
  if (kByFirst[static_cast<unsigned char>(text[at])] == 0 && text[at] != kPhp[0]) return at;
  if (text[at] != '<' && text.substr(at, kLongest).find('(') == kNone) return at;
  if (size_t quote = skip_dumped_type(text, at); quote != at) return quote;
  size_t inside = skip_wrappers(text, at);
  inside = skip_php_type(text, inside);
  if (inside != at) inside = skip_line_breaks(text, inside);  // Some(\n    "…"
  return inside == at || quote_at(text, inside).none() ? at : inside;
}

/// `Some(…)`, `Str(…)`, `Slice(…)` and `Optional[…]` with no quotes inside.
size_t skip_bare_wrapper(std::string_view text, size_t at) {
  static constexpr std::string_view kBare[] = {"Some(", "Str(", "Slice(", "Secret(", "Optional["};
  for (std::string_view wrapper : kBare) {
    if (text.substr(at, wrapper.size()) == wrapper) return at + wrapper.size();
  }
  return at;
}

}  // namespace

size_t skip_wrapper(std::string_view text, size_t at) {
  if (at >= text.size() || !kFirsts.has(text[at])) return at;
  return skip_bare_wrapper(text, skip_to_quote(text, at));
}

}  // namespace redactd
