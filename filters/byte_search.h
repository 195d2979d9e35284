#pragma once

// Looks through long texts for a few bytes. Without a branch for each byte, so that the compiler
// makes vector instructions of it.

#include <string.h>

#include <cstddef>
#include <string_view>

namespace redactd {

/// Whether `is(at)` holds for one of the first `places` places. `is` has to be cheap and without
/// branches: & and | in place of && and ||.
template <typename Is>
bool any_place(size_t places, Is is) {
  constexpr size_t kAtOnce = 32;
  size_t at = 0;
  for (; at + kAtOnce <= places; at += kAtOnce) {
    unsigned char any = 0;
    for (size_t i = 0; i < kAtOnce; ++i) any |= static_cast<unsigned char>(is(at + i));
    if (any != 0) return true;
  }
  for (; at < places; ++at) {
    if (is(at)) return true;
  }
  return false;
}

/// Where the byte stands last; npos: nowhere. rfind() goes byte by byte.
inline size_t last_place(std::string_view text, char byte) {
  const void* found = text.empty() ? nullptr : memrchr(text.data(), byte, text.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

/// Whether one of these bytes stands in the text. A look for each of them, for the compiler makes
/// no vector instructions of comparisons with several.
template <char... kBytes>
bool holds_byte(std::string_view text) {
  return (... || (text.find(kBytes) != std::string_view::npos));
}

/// Whether a digit or a capital letter stands in the text.
inline bool holds_digit_or_capital(std::string_view text) {
  const char* bytes = text.data();
  return any_place(text.size(), [bytes](size_t at) {
    return (static_cast<unsigned char>(bytes[at] - '0') < 10) |
           (static_cast<unsigned char>(bytes[at] - 'A') < 26);
  });
}

/// Whether `://` stands in the text.
inline bool holds_scheme_end(std::string_view text) {
  const char* bytes = text.data();
  return text.size() >= 3 && any_place(text.size() - 2, [bytes](size_t at) {
           return (bytes[at] == ':') & (bytes[at + 1] == '/') & (bytes[at + 2] == '/');
         });
}

}  // namespace redactd
