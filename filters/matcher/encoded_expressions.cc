#include "filters/matcher/encoded_expressions.h"

#include <algorithm>
#include <bitset>
#include <string_view>

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr size_t kLeastRun = 5;  // bytes in a row without an escape, among others with one

std::string one_of(const std::string& members) {
  std::string escaped;
  for (char c : members) {
    if (!is_alnum(c)) escaped += '\\';
    escaped += c;
  }
  return members.size() == 1 ? escaped : '[' + escaped + ']';
}

/// The digit of either base64 alphabet.
void append_digit(std::string& members, unsigned value) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  members += kDigits[value];
  if (value == 62) members += '-';
  if (value == 63) members += '_';
}

/// Some bits of a byte, `from` bits from its highest on, for each of the bytes.
std::bitset<64> part_of(const std::string& bytes, size_t from, size_t count) {
  std::bitset<64> values;
  for (char c : bytes) {
    unsigned byte = static_cast<unsigned char>(c);
    values.set(byte >> (8 - from - count) & ((1u << count) - 1));
  }
  return values;
}

/// What bits [bit, bit + 6) of the prefix can be, `before` unknown bytes standing before it. A
/// place of the prefix is the bytes that may stand there.
std::bitset<64> digit_values(const Prefix& prefix, size_t before, size_t bit) {
  auto part = [&](size_t at, size_t from, size_t count) {
    bool known = at >= before && at - before < prefix.size();
    return known ? part_of(prefix[at - before], from, count)
                 : ~std::bitset<64>() >> (64 - (size_t{1} << count));
  };
  size_t of_first = std::min<size_t>(6, 8 - bit % 8);
  std::bitset<64> high = part(bit / 8, bit % 8, of_first);
  if (of_first == 6) return high;
  std::bitset<64> low = part(bit / 8 + 1, 0, 6 - of_first);
  std::bitset<64> values;
  for (size_t h = 0; h < 64; ++h) {
    if (high[h]) values |= low << (h << (6 - of_first));
  }
  return values;
}

/// The digits of these values, of either alphabet.
std::string base64_digits(std::bitset<64> values) {
  std::string members;
  for (unsigned value = 0; value < 64; ++value) {
    if (values[value]) append_digit(members, value);
  }
  return members;
}

std::string none_of(const std::string& members) {
  std::string escaped = one_of(members);
  return "[^" + (escaped.starts_with('[') ? escaped.substr(1) : escaped + ']');
}

/// Where not both digits stand before.
std::string not_behind(const std::string& first, const std::string& second) {
  return "(?:^|" + none_of(second) + "|(?:^|" + none_of(first) + ')' + one_of(second) + ')';
}

}  // namespace

std::string base64_expression(const Prefix& prefix, size_t before) {
  std::string expression;
  size_t end = (before + prefix.size()) * 8;
  for (size_t bit = (before * 8 + 5) / 6 * 6; bit + 6 <= end; bit += 6) {
    expression += one_of(base64_digits(digit_values(prefix, before, bit)));
  }
  return expression;
}

std::string base64_run_expression(const Prefix& prefix, size_t before) {
  Prefix longer = {prefix[0]};
  longer.insert(longer.end(), prefix.begin(), prefix.end());
  const size_t bit = 24 + (before * 8 + 5) / 6 * 6;  // of the first digit, a group before it
  return not_behind(base64_digits(digit_values(longer, before + 2, bit - 12)),
                    base64_digits(digit_values(longer, before + 2, bit - 6))) +
         base64_expression(prefix, before);
}

std::string hex_expression(const Prefix& prefix) {
  std::string expression;
  for (const std::string& bytes : prefix) {
    for (size_t from : {0, 4}) {
      std::bitset<64> values = part_of(bytes, from, 4);
      std::string digits;
      for (size_t value = 0; value < 16; ++value) {
        if (!values[value]) continue;
        digits += "0123456789abcdef"[value];
      }
      expression += one_of(digits);
    }
  }
  return expression;
}

std::string hex_run_expression(const Prefix& prefix) {
  const std::string digits = hex_expression({prefix[0]});
  return not_behind(digits.substr(0, 1), digits.substr(1, 1)) + hex_expression(prefix);
}

std::string wrap_expression() { return R"((?:[A-Za-z0-9+/_\\-]\\n[A-Za-z0-9+/_-]{4}))"; }

std::string escaped_expression(const Prefix& prefix) {
  std::string expression;
  bool any = false;
  size_t run = 0;
  size_t longest = 0;
  for (const std::string& bytes : prefix) {
    char c = bytes[0];
    if (c == '%' || c == '\\') return {};  // the rule has a pattern for the escape itself
    bool kept = is_alnum(c) || std::string_view("-_.~").find(c) != std::string_view::npos;
    run = kept && bytes.size() == 1 ? run + 1 : 0;
    longest = std::max(longest, run);
    if (bytes.size() > 1 || kept) {
      expression += one_of(bytes);
      continue;
    }
    any = true;
    std::string code = hex_expression({bytes});
    std::string upper = code;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char digit) {
      return is_lower(digit) ? static_cast<char>(digit - 'a' + 'A') : digit;
    });
    expression += "(?:%" + code + (upper == code ? "" : "|%" + upper);
    expression += c == ' ' ? "|\\+)" : c == '/' ? "|\\\\/)" : ")";
  }
  return any && longest >= kLeastRun ? expression : std::string();
}

}  // namespace redactd
