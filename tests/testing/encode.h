#pragma once

// Encoders for tests: what stands in clear, as others spell it.

#include <algorithm>
#include <string>
#include <string_view>

#include "filters/byte_class.h"

namespace redactd::test {

/// RFC 4648 §4, or §5 (without padding).
inline std::string base64(std::string_view bytes, bool url = false) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  auto digit = [url](unsigned value) { return kDigits[value >= 62 && url ? value + 2 : value]; };
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    size_t count = std::min<size_t>(3, bytes.size() - at);
    unsigned group = 0;
    for (size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (size_t i = 0; i <= count; ++i) out += digit(group >> (18 - 6 * i) & 63u);
    if (!url) out.append(3 - count, '=');
  }
  return out;
}

inline std::string hex(std::string_view bytes, bool upper = false) {
  std::string out;
  for (char c : bytes) {
    unsigned byte = static_cast<unsigned char>(c);
    for (unsigned digit : {byte >> 4, byte & 15u})
      out += (upper ? "0123456789ABCDEF" : "0123456789abcdef")[digit];
  }
  return out;
}

/// Every `every`-th byte behind an escape such as `%`, `\u00` or `\x`, the first one among them.
inline std::string escaped(std::string_view bytes, const std::string& escape, size_t every = 1,
                           bool upper = false) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    out += i % every == 0 ? escape + hex(bytes.substr(i, 1), upper) : std::string(1, bytes[i]);
  }
  return out;
}

/// RFC 3986 §2.1; `form`: a space as `+`.
inline std::string percent_encoded(std::string_view bytes, bool form = false) {
  std::string out;
  for (char c : bytes) {
    if (is_alnum(c) || std::string_view("-_.~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += c == ' ' && form ? "+" : "%" + hex({&c, 1}, true);
    }
  }
  return out;
}

}  // namespace redactd::test
