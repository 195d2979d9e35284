#include "filters/spans/encoded_text.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/digit_values.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

constexpr size_t kMostEscapes = 15;  // backslashes of one escape
constexpr size_t kWrappedLine = 16;  // digits that follow a line break within base64

unsigned char hex_value(char c) {
  return static_cast<unsigned char>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
}

/// Two hexadecimal digits at `at`.
bool byte_at(std::string_view text, size_t at, char& byte) {
  if (at + 2 > text.size() || !is_hex(text[at]) || !is_hex(text[at + 1])) return false;
  byte = static_cast<char>(hex_value(text[at]) << 4 | hex_value(text[at + 1]));
  return true;
}

size_t backslashes_before(std::string_view text, size_t at) {
  size_t count = 0;
  while (count < kMostEscapes && count < at && text[at - 1 - count] == '\\') ++count;
  return count;
}

size_t backslashes_at(std::string_view text, size_t at) {
  size_t count = 0;
  while (count < kMostEscapes && at + count < text.size() && text[at + count] == '\\') ++count;
  return count;
}

/// An escape that ends before `at`, as escape_at() knows it.
size_t escape_before(std::string_view text, size_t at, char& byte) {
  if (at >= 3 && text[at - 3] == '%' && byte_at(text, at - 2, byte)) return 3;
  if (at >= 4 && text.substr(at - 4, 2) == "\\x" && byte_at(text, at - 2, byte))
    return 3 + backslashes_before(text, at - 3);
  if (at >= 6 && text.substr(at - 6, 4) == "\\u00" && byte_at(text, at - 2, byte))
    return 5 + backslashes_before(text, at - 5);
  return 0;
}

bool digit_of(char c, unsigned char& value) {
  const unsigned char digit = kBase64Digits[static_cast<unsigned char>(c)];
  if (digit == kNoDigit) return false;
  value = digit;
  return true;
}

/// A line break in its spelling (`\n`, `\r\n`) at `at` in base64 that was wrapped: its length.
size_t wrapped_at(std::string_view text, size_t at) {
  size_t end = at;
  for (char letter : {'r', 'n'}) {
    size_t backslashes = backslashes_at(text, end);
    if (backslashes > 0 && text.substr(end + backslashes, 1) == std::string_view(&letter, 1))
      end += backslashes + 1;
  }
  unsigned char value = 0;
  size_t line = end;
  while (end != at && line < text.size() && line - end < kWrappedLine &&
         digit_of(text[line], value))
    ++line;
  if (line - end == kWrappedLine) return end - at;
  // A shorter one is the last, with nothing behind it in its string.
  size_t after = padding_end(text, line);
  bool last =
      line > end && after < text.size() && std::string_view("\\\"'").find(text[after]) != kNone;
  return last ? end - at : 0;
}

/// The same of one that ends before `at`.
size_t wrapped_before(std::string_view text, size_t at) {
  size_t begin = at;
  for (char letter : {'n', 'r'}) {
    if (begin < 2 || text[begin - 1] != letter) continue;
    const size_t backslashes = backslashes_before(text, begin - 1);
    if (backslashes > 0) begin -= backslashes + 1;
  }
  return begin != at && wrapped_at(text, begin) == at - begin ? at - begin : 0;
}

size_t base64_at(std::string_view text, size_t at, unsigned char& value) {
  if (at >= text.size()) return 0;
  char c = text[at];
  if (digit_of(c, value)) return 1;
  if (c != '\\' && c != '%') return 0;
  size_t backslashes = backslashes_at(text, at);
  if (backslashes > 0 && text.substr(at + backslashes, 1) == "/")
    return digit_of('/', value) ? backslashes + 1 : 0;
  char byte = 0;
  if (size_t escape = escape_at(text, at, byte); escape != 0)
    return !is_alnum(byte) && digit_of(byte, value) ? escape : 0;
  size_t wrapped = wrapped_at(text, at);
  return wrapped != 0 && digit_of(text[at + wrapped], value) ? wrapped + 1 : 0;
}

size_t base64_before(std::string_view text, size_t at, unsigned char& value) {
  if (at == 0) return 0;
  char byte = 0;
  if (size_t escape = escape_before(text, at, byte); escape != 0)
    return !is_alnum(byte) && digit_of(byte, value) ? escape : 0;
  if (!digit_of(text[at - 1], value)) return 0;
  size_t backslashes = backslashes_before(text, at - 1);
  if (backslashes == 0) return 1;
  return text[at - 1] == '/' ? backslashes + 1 : 0;  // else a letter of an escape: `\n`
}

bool is_hex_digit(std::string_view text, size_t at, unsigned char& value) {
  if (at >= text.size() || !is_hex(text[at])) return false;
  value = hex_value(text[at]);
  return true;
}

/// What may stand unescaped between escapes: no blank, no quote.
bool is_plain(char c) { return !is_blank(c) && c != '"' && c != '\'' && c != '`' && c != '\\'; }

size_t byte_unit_at(std::string_view text, size_t at, unsigned char& value) {
  if (at >= text.size()) return 0;
  char byte = text[at];
  if (size_t escape = escape_at(text, at, byte); escape != 0) {
    value = static_cast<unsigned char>(byte);
    return escape;
  }
  size_t backslashes = backslashes_at(text, at);
  if (backslashes > 0 && at + backslashes < text.size()) {
    static constexpr std::string_view kLetters = "/nrt";
    size_t letter = kLetters.find(text[at + backslashes]);
    if (letter == kNone) return 0;
    value = static_cast<unsigned char>("/\n\r\t"[letter]);
    return backslashes + 1;
  }
  value = static_cast<unsigned char>(byte);
  return is_plain(byte) ? 1 : 0;
}

size_t byte_unit_before(std::string_view text, size_t at, unsigned char& value) {
  if (at == 0) return 0;
  char byte = text[at - 1];
  if (size_t escape = escape_before(text, at, byte); escape != 0) {
    value = static_cast<unsigned char>(byte);
    return escape;
  }
  if (!is_plain(byte)) return 0;
  size_t backslashes = backslashes_before(text, at - 1);
  unsigned char unit = 0;
  if (backslashes > 0 && byte_unit_at(text, at - 1 - backslashes, unit) != backslashes + 1)
    return 0;
  value = backslashes > 0 ? unit : static_cast<unsigned char>(byte);
  return backslashes + 1;
}

/// The value of each byte that is a plain digit; null: there are none.
const unsigned char* digits_of(TextEncoding encoding) {
  if (encoding == TextEncoding::escapes) return nullptr;
  return encoding == TextEncoding::base64 ? kBase64Digits.data() : kHexDigits.data();
}

/// Bits that a unit stands for.
size_t bits_of(TextEncoding encoding) {
  return encoding == TextEncoding::base64 ? 6 : encoding == TextEncoding::hex ? 4 : 8;
}

}  // namespace

size_t escape_at(std::string_view text, size_t at, char& byte) {
  if (at >= text.size()) return 0;
  if (text[at] == '%') return byte_at(text, at + 1, byte) ? 3 : 0;
  size_t backslashes = backslashes_at(text, at);
  if (backslashes == 0) return 0;
  size_t letter = at + backslashes;
  if (text.substr(letter, 1) == "x" && byte_at(text, letter + 1, byte)) return backslashes + 3;
  if (text.substr(letter, 3) == "u00" && byte_at(text, letter + 3, byte)) return backslashes + 5;
  return 0;
}

size_t unit_at(std::string_view text, size_t at, TextEncoding encoding, unsigned char& value) {
  switch (encoding) {
    case TextEncoding::base64:
      return base64_at(text, at, value);
    case TextEncoding::hex:
      return is_hex_digit(text, at, value) ? 1 : 0;
    case TextEncoding::escapes:
      return byte_unit_at(text, at, value);
  }
  return 0;
}

size_t unit_before(std::string_view text, size_t at, TextEncoding encoding, unsigned char& value) {
  switch (encoding) {
    case TextEncoding::base64:
      return base64_before(text, at, value);
    case TextEncoding::hex: {
      char byte = 0;
      if (at == 0 || escape_before(text, at, byte) != 0) return 0;
      return is_hex_digit(text, at - 1, value) && backslashes_before(text, at - 1) == 0 ? 1 : 0;
    }
    case TextEncoding::escapes:
      return byte_unit_before(text, at, value);
  }
  return 0;
}

size_t padding_end(std::string_view text, size_t at) {
  for (int count = 0; count < 2; ++count) {
    char byte = 0;
    if (text.substr(at, 1) == "=") {
      ++at;
    } else if (size_t escape = escape_at(text, at, byte); escape != 0 && byte == '=') {
      at += escape;
    }
  }
  return at;
}

UnitBefore unit_before_break(std::string_view text, size_t at, TextEncoding encoding,
                             unsigned char& value) {
  size_t length = unit_before(text, at, encoding, value);
  if (length == 0 && encoding == TextEncoding::base64) {
    const size_t wrapped = wrapped_before(text, at);
    at -= wrapped;
    length = wrapped == 0 ? 0 : unit_before(text, at, encoding, value);
  }
  return {at - length, at};
}

size_t skip_wrap(std::string_view text, size_t at) {
  return at < text.size() && text[at] == '\\' ? at + wrapped_at(text, at) : at;
}

void EncodedText::read(std::string_view text, size_t at, TextEncoding encoding, size_t before,
                       size_t after) {
  text_ = text;
  encoding_ = encoding;
  begins_.clear();
  values_.clear();
  end_ = at;
  ends_ = false;
  read_back(before);
  extend(after);
}

void EncodedText::read_back(size_t before) {
  size_t begin = end_;
  unsigned char value = 0;
  while (begins_.size() < before) {
    const UnitBefore unit = unit_before_break(text_, begin, encoding_, value);
    if (unit.begin == unit.end) break;
    if (!begins_.empty()) begins_.back() = unit.end;
    begin = unit.begin;
    push(begin, value);
  }
  before_ = begins_.size();
  std::reverse(begins_.begin(), begins_.end());
  std::reverse(values_.begin(), values_.end());
}

void EncodedText::extend(size_t after) {
  const unsigned char* const digits = digits_of(encoding_);
  const size_t wanted = begins_.size() + after;
  while (begins_.size() < wanted && !ends_) {
    // Nearly all digits are plain ones.
    for (; digits != nullptr && end_ < text_.size() && begins_.size() < wanted; ++end_) {
      const unsigned char digit = digits[static_cast<unsigned char>(text_[end_])];
      if (digit == kNoDigit) break;
      push(end_, digit);
    }
    if (begins_.size() == wanted) return;
    unsigned char value = 0;
    const size_t length = unit_at(text_, end_, encoding_, value);
    ends_ = length == 0;
    if (ends_) return;
    push(end_, value);
    end_ += length;
  }
}

void EncodedText::drop_front(size_t groups) {
  const size_t units = groups * group_of(encoding_);
  begins_.erase(begins_.begin(), begins_.begin() + static_cast<std::ptrdiff_t>(units));
  values_.erase(0, units);
  before_ -= std::min(before_, units);
}

size_t EncodedText::first_from(size_t place) const {
  return static_cast<size_t>(std::lower_bound(begins_.begin(), begins_.end(), place) -
                             begins_.begin());
}

bool EncodedText::holds_wrap(size_t first, size_t last) const {
  for (size_t unit = first; unit <= last; ++unit) {
    if (skip_wrap(text_, begins_[unit]) != begins_[unit]) return true;
  }
  return false;
}

void EncodedText::decode(size_t phase, SecretText& bytes) const {
  const size_t width = bits_of(encoding_);
  const size_t all = values_.size() < phase ? 0 : (values_.size() - phase) * width / 8;
  size_t at = bytes.size();
  if (at >= all) return;
  const size_t first_bit = at * 8;
  bytes.resize(all);
  unsigned held = 0;
  size_t bits = 0;
  size_t taken = first_bit % width;  // of the first unit's bits, by the byte before
  for (size_t unit = phase + first_bit / width; at < all; ++unit) {
    held = held << width | static_cast<unsigned char>(values_[unit]);
    bits += width - taken;
    taken = 0;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = static_cast<char>(held >> bits & 0xffu);
  }
}

size_t EncodedText::first_unit(size_t phase, size_t byte) const {
  return phase + byte * 8 / bits_of(encoding_);
}

size_t EncodedText::last_unit(size_t phase, size_t byte) const {
  return phase + (byte * 8 + 7) / bits_of(encoding_) + 1;
}

}  // namespace redactd
