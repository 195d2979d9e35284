#pragma once

#include <array>

namespace redactd {

inline constexpr unsigned char kNoDigit = 64;

/// Of either base64 alphabet (RFC 4648 §4 and §5).
inline constexpr std::array<unsigned char, 256> kBase64Digits = [] {
  std::array<unsigned char, 256> values{};
  values.fill(kNoDigit);
  unsigned char value = 0;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) values[c] = value++;
  for (unsigned char c = 'a'; c <= 'z'; ++c) values[c] = value++;
  for (unsigned char c = '0'; c <= '9'; ++c) values[c] = value++;
  for (unsigned char c : {'+', '-'}) values[c] = 62;
  for (unsigned char c : {'/', '_'}) values[c] = 63;
  return values;
}();

inline constexpr std::array<unsigned char, 256> kHexDigits = [] {
  std::array<unsigned char, 256> values{};
  values.fill(kNoDigit);
  unsigned char value = 0;
  for (unsigned char c = '0'; c <= '9'; ++c) values[c] = value++;
  for (unsigned char c = 'a'; c <= 'f'; ++c) values[c] = values[c - 'a' + 'A'] = value++;
  return values;
}();

}  // namespace redactd
