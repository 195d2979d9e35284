#pragma once

// How bytes that are random differ from names, byte by byte: what validators count at once, and a
// window that moves bit by bit.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "filters/byte_class.h"

namespace redactd {

inline constexpr size_t kShortestRandomLetters = 16;

inline double times_log2(size_t n) {
  return n == 0 ? 0 : static_cast<double>(n) * std::log2(static_cast<double>(n));
}

/// Random letters change case at every second byte, camelCase at every fourth or so. A long run of
/// letters is hardly ever a name.
constexpr bool is_often(size_t case_changes, size_t bytes) {
  constexpr size_t kLongForAName = 30;
  return case_changes * (bytes < kLongForAName ? 3 : 4) >= bytes;
}

constexpr bool changes_case(char before, char c) {
  return (is_upper(before) && is_lower(c)) || (is_lower(before) && is_upper(c));
}

enum Case : uint8_t { kOther, kLower, kUpper, kDigit };

inline constexpr std::array<uint8_t, 256> kCases = [] {
  std::array<uint8_t, 256> cases{};
  for (unsigned byte = 0; byte < cases.size(); ++byte) {
    const char c = static_cast<char>(byte);
    cases[byte] = is_lower(c) ? kLower : is_upper(c) ? kUpper : is_digit(c) ? kDigit : kOther;
  }
  return cases;
}();
constexpr uint8_t case_of(char c) { return kCases[static_cast<unsigned char>(c)]; }

/// From the case in the line to that in the column. An upper-case letter before a lower-case one
/// begins a word in names, so it proves nothing.
inline constexpr std::array<uint8_t, 16> kChanges = {0, 0, 0, 0,  //
                                                     0, 0, 1, 1,  //
                                                     0, 0, 0, 1,  //
                                                     0, 1, 1, 0};
constexpr uint8_t change(uint8_t last, uint8_t now) { return kChanges[last * 4u + now]; }

/// At least at every fifth of the letters and digits.
constexpr bool is_scrambled(size_t changes, size_t letters_and_digits) {
  return letters_and_digits > 1 && changes * 5 >= letters_and_digits - 1;
}

}  // namespace redactd
