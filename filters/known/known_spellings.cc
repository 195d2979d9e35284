#include "filters/known/known_spellings.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/known/known_escapes.h"

namespace redactd {
namespace {

// Base64 and hexadecimal.

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The base64 digits that depend on `value` alone when `before` bytes (0, 1 or 2) stand before it
/// in its group.
SecretText base64_interior(std::string_view value, size_t before, std::string_view digits) {
  SecretText result;
  size_t offset = before * 8;  // of value's first bit within its group
  size_t first = (offset + 5) / 6;
  size_t last = (offset + value.size() * 8) / 6;  // digits [first, last) lie within the value
  result.reserve(last - first);
  for (size_t digit = first; digit < last; ++digit) {
    size_t bit = digit * 6 - offset;
    unsigned pair = static_cast<unsigned char>(value[bit / 8]) * 256u;
    if (bit / 8 + 1 < value.size()) pair |= static_cast<unsigned char>(value[bit / 8 + 1]);
    result += digits[(pair >> (10 - bit % 8)) & 63u];
  }
  return result;
}

SecretText with_digits_as(std::string_view base64, std::string_view plus, std::string_view slash) {
  SecretText result;
  result.reserve(base64.size() * 2);
  for (char c : base64) {
    if (c == '+' || c == '/') {
      result += c == '+' ? plus : slash;
    } else {
      result += c;
    }
  }
  return result;
}

/// And as its `+` and `/` stand in URLs and in the JSON of PHP and .NET.
void add_base64(std::string_view value, SecretTexts& all) {
  for (size_t before = 0; before < 3; ++before) {
    SecretText plain = base64_interior(value, before, kBase64);
    if (plain.find_first_of("+/") != SecretText::npos) {
      all.push_back(with_digits_as(plain, "%2B", "%2F"));
      all.push_back(with_digits_as(plain, "%2b", "%2f"));
      all.push_back(with_digits_as(plain, "%2B", "/"));  // Python's quote
      all.push_back(with_digits_as(plain, "+", "\\/"));
      all.push_back(with_digits_as(plain, "\\u002B", "/"));
      all.push_back(base64_interior(value, before, kBase64Url));
    }
    all.push_back(std::move(plain));
  }
}

/// As two digits.
void append_byte(SecretText& out, char c, std::string_view digits) {
  auto byte = static_cast<unsigned char>(c);
  (out += digits[byte >> 4]) += digits[byte & 15];
}

SecretText hex(std::string_view value, std::string_view digits) {
  SecretText result;
  result.reserve(value.size() * 2);
  for (char c : value) append_byte(result, c, digits);
  return result;
}

// Percent-encoding.

/// What an encoder leaves as it is besides letters and digits.
struct PercentStyle {
  std::string_view kept;
  bool keeps_alnum = true;
};
constexpr PercentStyle kPercentStyles[] = {
    {"-_.~"},                          // RFC 3986's unreserved: Go, PHP, most libraries
    {"-_.~/"},                         // Python's quote
    {"-_.!~*'()"},                     // encodeURIComponent
    {"-_.*"},                          // HTML forms, Java
    {"-_.!~*'();,/?:@&=+$#"},          // encodeURI
    {"@*_+-./"},                       // JavaScript's escape
    {"-_.~$&+=:@"},                    // Go's path segments
    {"-_.!~$&'()*+,;=:@"},             // RFC 3986's path segments
    {"-_.!~$&'()*+,;=:@/?"},           // and its queries
    {"-_.!~$&()*+,;=:@/?%[]\\^`{|}"},  // queries in browsers
    {"-_.!~$&'()*+,;=:@/%[]\\^|"},     // paths in browsers
    {"-_.!~$&'()*+,%"},                // user:password in browsers
    {"-_."},                           // PHP's urlencode
    {"-_.!*()"},                       // .NET's HttpUtility
    {""},                              // Swift's .alphanumerics
    {"", false},                       // everything
};
constexpr size_t kNestingStyles = 4;  // the first ones also encode what is encoded: a URL in a URL

SecretText percent_encoded(std::string_view value, const PercentStyle& style,
                           std::string_view digits, bool plus_for_space) {
  SecretText out;
  out.reserve(value.size() * 3);
  for (char c : value) {
    if ((is_alnum(c) && style.keeps_alnum) || style.kept.find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ' && plus_for_space) {
      out += '+';
    } else {
      out += '%';
      append_byte(out, c, digits);
    }
  }
  return out;
}

void add_percent_encoded(std::string_view value, SecretTexts& all) {
  bool spaces = value.find(' ') != std::string_view::npos;
  for (std::string_view digits : {kUpperDigits, kLowerDigits}) {
    for (size_t style = 0; style < std::size(kPercentStyles); ++style) {
      for (bool plus_for_space : {false, true}) {
        if (plus_for_space && !spaces) continue;
        SecretText once = percent_encoded(value, kPercentStyles[style], digits, plus_for_space);
        if (style < kNestingStyles)
          all.push_back(percent_encoded(once, kPercentStyles[style], digits, false));
        all.push_back(std::move(once));
      }
    }
  }
}

}  // namespace

SecretTexts spellings_of(std::string_view value) {
  SecretTexts all;
  if (value.empty()) return all;
  all.emplace_back(value);
  add_base64(value, all);
  all.push_back(hex(value, kLowerDigits));
  all.push_back(hex(value, kUpperDigits));
  add_unicode(value, all);
  if (std::all_of(value.begin(), value.end(), is_alnum)) {
    // What only escapes punctuation leaves such a value as it is.
    const PercentStyle& everything = kPercentStyles[std::size(kPercentStyles) - 1];
    all.push_back(percent_encoded(value, everything, kUpperDigits, false));
    all.push_back(percent_encoded(value, everything, kLowerDigits, false));
  } else {
    add_percent_encoded(value, all);
    add_json(value, all);
    add_quoted(value, all);
    add_markup(value, all);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace redactd
