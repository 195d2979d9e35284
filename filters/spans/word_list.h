#pragma once

// Lists of words that values are compared with.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "filters/byte_class.h"

namespace redactd {

/// Lower-case words, of which few have to be compared: most values differ from all of them in
/// length or first letter.
class WordList {
 public:
  template <size_t N>
  explicit constexpr WordList(const std::string_view (&words)[N]) : words_(words) {
    static_assert(N <= kMostWords);
    for (std::string_view word : words) {
      firsts_[slot(word.size())] |= bit(word[0]);
      ++begins_[number(word[0]) + 1];
    }
    for (size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
    auto next = begins_;
    for (size_t i = 0; i < N; ++i) order_[next[number(words[i][0])]++] = static_cast<uint8_t>(i);
  }

  bool has(std::string_view value) const {
    if (value.empty() || (firsts_[slot(value.size())] & bit(to_lower(value[0]))) == 0) return false;
    const size_t first = number(to_lower(value[0]));
    for (size_t i = begins_[first]; i < begins_[first + 1]; ++i) {
      const std::string_view word = words_[order_[i]];
      if (word.size() == value.size() && equals_ignoring_case(value, word)) return true;
    }
    return false;
  }

 private:
  static constexpr size_t slot(size_t size) { return std::min<size_t>(size, 31); }
  static constexpr size_t number(char c) { return static_cast<unsigned char>(c) % kLetters; }
  static constexpr uint64_t bit(char c) { return uint64_t{1} << number(c); }
  static constexpr size_t kLetters = 64;
  static constexpr size_t kMostWords = 255;

  std::span<const std::string_view> words_;
  std::array<uint64_t, 32> firsts_{};  // of each length, the first letters there are
  // The words' numbers by first letter, and where those of each begin.
  std::array<uint8_t, kMostWords> order_{};
  std::array<size_t, kLetters + 1> begins_{};
};

/// The bytes that the words begin with: a look at them spares most comparisons.
constexpr ByteClass first_bytes(std::span<const std::string_view> words) {
  ByteClass firsts;
  for (std::string_view word : words) firsts.add(static_cast<unsigned char>(word[0]));
  return firsts;
}

/// Whether any of the words stands in the value.
inline bool holds_any(std::string_view value, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return value.find(word) != std::string_view::npos;
  });
}

/// Whether the value is one of the words that sentences, schemas and configuration listings have
/// where a secret would stand (`incorrect`, `required`, `string`). Case does not matter.
bool is_sentence_word(std::string_view value);

}  // namespace redactd
