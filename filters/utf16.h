#pragma once

// UTF-16, in which PowerShell and SQL Server write logs, as bytes that rules understand, and back.
// A stream of it begins with U+FEFF (The Unicode Standard, chapter 2.6), which tells the order of
// the bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace redactd {

enum class ByteOrder : uint8_t { little, big };

/// By the first two bytes of a stream; nothing: it is no UTF-16, or has no mark that says so.
std::optional<ByteOrder> utf16_order(std::string_view begin);

/// To UTF-8. Halves of pairs that stand alone become three bytes as other code points do, so that
/// everything can be written back as it was.
class Utf16Decoder {
 public:
  explicit Utf16Decoder(ByteOrder order) : order_(order) {}

  /// How many bytes may come of `size`, with what waits.
  static constexpr size_t most(size_t size) { return size / 2 * 3 + 3; }
  /// Writes to `out`, which has room for as many; returns how many there were. `units` are whole
  /// ones. The first half of a pair waits for what follows.
  size_t decode(std::string_view units, char* out);
  /// The same for what waits, when nothing follows.
  size_t finish(char* out);

 private:
  char* take(char32_t unit, char* out);

  ByteOrder order_;
  char32_t high_ = 0;  // the first half of a pair; 0: none waits
};

/// From UTF-8. What is none, as where a mask shows a part of a character, becomes U+FFFD.
class Utf16Encoder {
 public:
  explicit Utf16Encoder(ByteOrder order) : order_(order) {}

  /// Appends to `out`. The beginning of a character waits for the rest.
  void encode(std::string_view bytes, std::string& out);
  /// The same for what waits at the end of the stream.
  void finish(std::string& out);

 private:
  void put_unit(char32_t unit, std::string& out) const;
  void put(char32_t point, std::string& out) const;

  ByteOrder order_;
  std::string waiting_;  // at most three bytes
};

}  // namespace redactd
