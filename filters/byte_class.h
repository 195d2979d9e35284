#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace redactd {

/// A set of bytes. A value type, safe to share between threads once built.
class ByteClass {
 public:
  constexpr ByteClass() = default;

  /// Reads the inside of a bracket expression: `A-Za-z0-9_-`, with `\\`, `\-` and `\]` as escapes
  /// and a
  /// `-` at either end standing for itself. Nothing when a range is reversed or an escape is
  /// unknown.
  static std::optional<ByteClass> parse(std::string_view brackets);

  /// Just these bytes.
  static constexpr ByteClass of(std::string_view bytes) {
    ByteClass members;
    for (char byte : bytes) members.add(static_cast<unsigned char>(byte));
    return members;
  }

  constexpr void add(unsigned char byte) { member_[byte] = true; }
  constexpr void add_range(unsigned char first, unsigned char last) {
    for (unsigned byte = first; byte <= last; ++byte) member_[byte] = true;
  }
  constexpr void add(const ByteClass& others) {
    for (unsigned byte = 0; byte < 256; ++byte)
      member_[byte] = member_[byte] || others.member_[byte];
  }
  constexpr bool has(char byte) const { return member_[static_cast<unsigned char>(byte)]; }
  constexpr bool any_in(std::string_view text) const {
    for (char byte : text) {
      if (has(byte)) return true;
    }
    return false;
  }
  constexpr bool has_all(std::string_view text) const {
    for (char byte : text) {
      if (!has(byte)) return false;
    }
    return true;
  }
  constexpr bool meets(const ByteClass& others) const {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (member_[byte] && others.member_[byte]) return true;
    }
    return false;
  }
  constexpr size_t size() const {
    size_t members = 0;
    for (bool member : member_) members += member ? 1 : 0;
    return members;
  }
  constexpr bool empty() const {
    for (bool member : member_) {
      if (member) return false;
    }
    return true;
  }

  friend bool operator==(const ByteClass&, const ByteClass&) = default;

 private:
  std::array<bool, 256> member_{};
};

/// ASCII letters and these.
constexpr ByteClass letters_and(std::string_view others) {
  ByteClass members = ByteClass::of(others);
  members.add_range('a', 'z');
  members.add_range('A', 'Z');
  return members;
}

/// ASCII letters, digits and these.
constexpr ByteClass alnum_and(std::string_view others) {
  ByteClass members = letters_and(others);
  members.add_range('0', '9');
  return members;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_lower(c) || is_upper(c); }
constexpr bool is_alnum(char c) { return is_letter(c) || is_digit(c); }
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
/// Space, tab, CR, LF and every other control byte: nothing that a bare value holds.
constexpr bool is_blank(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\x7f'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// ASCII only; `lower` must be lower case already.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}
constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && equals_ignoring_case(text.substr(0, lower.size()), lower);
}

}  // namespace redactd
