#include "filters/utf16.h"

namespace redactd {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr char32_t kFirstPair = 0x10000;  // code points from here on are two units

bool is_high(char32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(char32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

char32_t byte_at(std::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

char* put_utf8(char32_t point, char* out) {
  auto put = [&](char32_t byte) { *out++ = static_cast<char>(byte); };
  auto tail = [&](unsigned shift) { put(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    tail(0);
  } else if (point < kFirstPair) {
    put(0xe0 | point >> 12);
    tail(6);
    tail(0);
  } else {
    put(0xf0 | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
  return out;
}

/// How many bytes the character has that begins with `first`; 0: none does.
size_t length_of(char32_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

struct Character {
  size_t size = 0;  // 0: the rest has not come yet
  char32_t point = kReplacement;
};

/// The character at `at`. A byte of none is one by itself.
Character character_at(std::string_view bytes, size_t at) {
  static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, kFirstPair};
  const char32_t first = byte_at(bytes, at);
  const size_t length = length_of(first);
  if (length == 0) return {1};
  if (length == 1) return {1, first};
  char32_t point = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if (at + i == bytes.size()) return {};
    const char32_t byte = byte_at(bytes, at + i);
    if ((byte & 0xc0) != 0x80) return {1};
    point = point << 6 | (byte & 0x3f);
  }
  if (point < kLeast[length] || point > 0x10ffff) return {1};
  return {length, point};
}

}  // namespace

std::optional<ByteOrder> utf16_order(std::string_view begin) {
  if (begin.starts_with("\xff\xfe")) return ByteOrder::little;
  if (begin.starts_with("\xfe\xff")) return ByteOrder::big;
  return std::nullopt;
}

size_t Utf16Decoder::decode(std::string_view units, char* out) {
  char* const begin = out;
  const size_t low = order_ == ByteOrder::little ? 0 : 1;
  for (size_t at = 0; at + 1 < units.size(); at += 2)
    out = take(byte_at(units, at + 1 - low) << 8 | byte_at(units, at + low), out);
  return static_cast<size_t>(out - begin);
}

char* Utf16Decoder::take(char32_t unit, char* out) {
  const char32_t high = high_;
  high_ = 0;
  if (high != 0 && is_low(unit))
    return put_utf8(kFirstPair + ((high - 0xd800) << 10) + (unit - 0xdc00), out);
  if (high != 0) out = put_utf8(high, out);
  if (is_high(unit)) {
    high_ = unit;
    return out;
  }
  return put_utf8(unit, out);
}

size_t Utf16Decoder::finish(char* out) {
  if (high_ == 0) return 0;
  const char* const end = put_utf8(high_, out);
  high_ = 0;
  return static_cast<size_t>(end - out);
}

void Utf16Encoder::encode(std::string_view bytes, std::string& out) {
  std::string joined;
  if (!waiting_.empty()) {
    joined = std::move(waiting_).append(bytes);
    waiting_.clear();
    bytes = joined;
  }
  for (size_t at = 0; at < bytes.size();) {
    const Character character = character_at(bytes, at);
    if (character.size == 0) {
      waiting_ = bytes.substr(at);
      return;
    }
    put(character.point, out);
    at += character.size;
  }
}

void Utf16Encoder::finish(std::string& out) {
  if (!waiting_.empty()) put(kReplacement, out);
  waiting_.clear();
}

void Utf16Encoder::put(char32_t point, std::string& out) const {
  if (point < kFirstPair) return put_unit(point, out);
  put_unit(0xd800 + ((point - kFirstPair) >> 10), out);
  put_unit(0xdc00 + ((point - kFirstPair) & 0x3ff), out);
}

void Utf16Encoder::put_unit(char32_t unit, std::string& out) const {
  const char low = static_cast<char>(unit & 0xff);
  const char high = static_cast<char>(unit >> 8);
  out += order_ == ByteOrder::little ? low : high;
  out += order_ == ByteOrder::little ? high : low;
}

}  // namespace redactd
