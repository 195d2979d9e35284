#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "filters/byte_class.h"

namespace redactd {

/// A stretch of one text without some bytes. Who asks for one stretch after another, each a little
/// further on, has the text looked through once. `Bytes` knows the bytes: has() and first_in().
template <typename Bytes>
class Gap {
 public:
  /// The first of the bytes in [begin, end) of the text, which is always the same; else `end`.
  size_t first_in(std::string_view text, size_t begin, size_t end) {
    constexpr size_t kAhead = 4096;
    if (begin < from_ || end_ < begin) from_ = end_ = begin;  // nothing is known of it
    if (end_ < end && !Bytes::has(text[end_])) {
      const size_t without =
          Bytes::first_in(text.substr(end_, std::min(text.size(), end + kAhead) - end_));
      end_ += without;
      looked_at_ += without;
    }
    return std::min(end_, end);
  }
  /// Bytes that were looked at since it was asked last: who jumps to and fro looks again and again.
  size_t work() { return std::exchange(looked_at_, 0); }
  /// Whether one of the bytes stands in it.
  bool stands_in(std::string_view text, size_t begin, size_t end) {
    return first_in(text, begin, end) < end;
  }

 private:
  size_t from_ = 0;
  size_t end_ = 0;  // none of the bytes stands between them
  size_t looked_at_ = 0;
};

/// For Gap: one byte.
template <char kByte>
struct OneByte {
  static bool has(char byte) { return byte == kByte; }
  /// The text's size: none stands there.
  static size_t first_in(std::string_view text) {
    const void* found = std::memchr(text.data(), kByte, text.size());
    return found == nullptr ? text.size()
                            : static_cast<size_t>(static_cast<const char*>(found) - text.data());
  }
};
template <char kByte>
using ByteGap = Gap<OneByte<kByte>>;

/// For Gap: the bytes of a class.
template <const ByteClass& kBytes>
struct BytesOf {
  static bool has(char byte) { return kBytes.has(byte); }
  static size_t first_in(std::string_view text) {
    size_t at = 0;
    while (at < text.size() && !kBytes.has(text[at])) ++at;
    return at;
  }
};

/// Without one of these no long text looks random.
inline constexpr ByteClass kDigitsAndCapitals = [] {
  ByteClass bytes;
  bytes.add_range('0', '9');
  bytes.add_range('A', 'Z');
  return bytes;
}();

/// What ends the path of a URL.
inline constexpr ByteClass kPathEnds = ByteClass::of("?#");

/// What ends the value of a cookie.
inline constexpr ByteClass kCookieEnds = [] {
  ByteClass bytes = ByteClass::of(";\"\\");
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (is_blank(static_cast<char>(byte))) bytes.add(static_cast<unsigned char>(byte));
  }
  return bytes;
}();

}  // namespace redactd
