#include "daemon/framing/json_text.h"

#include <cstdint>
#include <optional>

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr char kHexDigits[] = "0123456789abcdef";

/// Bytes of the character that begins `text`; 0: it is not UTF-8 (RFC 3629 §4).
size_t character(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](size_t i, unsigned least = 0x80, unsigned most = 0xbf) {
    return byte(i) >= least && byte(i) <= most;
  };
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    bool good = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && follows(2);
    return good ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    bool good = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) &&
                follows(2) && follows(3);
    return good ? 4 : 0;
  }
  return 0;
}

void append_control(char c, SecretText& out) {
  constexpr std::string_view kNamed = "\bb\ff\nn\rr\tt";
  for (size_t i = 0; i < kNamed.size(); i += 2) {
    if (kNamed[i] != c) continue;
    out += '\\';
    out += kNamed[i + 1];
    return;
  }
  auto byte = static_cast<unsigned char>(c);
  out.append("\\u00");
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

/// The number that four hexadecimal digits at `at` are.
std::optional<uint32_t> unit(std::string_view text, size_t at) {
  if (text.size() < at + 4) return std::nullopt;
  uint32_t value = 0;
  for (char c : text.substr(at, 4)) {
    if (!is_hex(c)) return std::nullopt;
    value = value * 16 + static_cast<uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

void append_utf8(uint32_t code, SecretText& out) {
  auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code == '\n' ? ' ' : code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

/// Appends what `\uXXXX` at the begin of `text` stands for, with its other half if it is one of a
/// pair. Returns its bytes; 0: it is no such escape.
size_t append_escaped_unit(std::string_view text, SecretText& out) {
  std::optional<uint32_t> first = unit(text, 2);
  if (!first) return 0;
  if (*first < 0xd800 || *first > 0xdfff) {
    append_utf8(*first, out);
    return 6;
  }
  std::optional<uint32_t> second = text.substr(6).starts_with("\\u") ? unit(text, 8) : std::nullopt;
  if (*first >= 0xdc00 || !second || *second < 0xdc00 || *second > 0xdfff) {
    out.append(kReplacement);
    return 6;
  }
  append_utf8(0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00), out);
  return 12;
}

}  // namespace

void append_json_text(std::string_view text, SecretText& out) {
  while (!text.empty()) {
    size_t size = character(text);
    char c = text.front();
    if (size == 0) {
      out.append(kReplacement);
      size = 1;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      append_control(c, out);
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
}

size_t whole_json_text(std::string_view text) {
  constexpr size_t kLongestEscape = 6;
  constexpr size_t kLongestCharacter = 4;
  size_t end = text.size();
  for (size_t back = 1; back < kLongestEscape && back <= end; ++back) {
    if (text[end - back] != '\\') continue;
    size_t backslashes = 1;
    while (backslashes + back <= end && text[end - back - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) break;  // they stand for themselves
    bool unit = back > 1 && text[end - back + 1] == 'u';
    if (back == 1 || (unit && back < kLongestEscape)) end -= back;
    break;
  }
  for (size_t back = 1; back <= kLongestCharacter && back <= end; ++back) {
    auto byte = static_cast<unsigned char>(text[end - back]);
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    return character(text.substr(end - back, back)) == 0 ? end - back : end;
  }
  return end;
}

void append_plain_text(std::string_view text, SecretText& out) {
  constexpr std::string_view kNamed = "\"\"\\\\//b\bf\fn r\rt\t";
  while (!text.empty()) {
    size_t size = 1;
    if (text.front() != '\\' || text.size() < 2) {
      out += text.front();
    } else if (text[1] == 'u') {
      size = append_escaped_unit(text, out);
      if (size == 0) out += text[size++];
    } else {
      size_t named = 0;
      while (named < kNamed.size() && kNamed[named] != text[1]) named += 2;
      out.append(named < kNamed.size() ? kNamed.substr(named + 1, 1) : text.substr(0, 2));
      size = 2;
    }
    text.remove_prefix(size);
  }
}

}  // namespace redactd
