#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace redactd {

/// Where a byte stands in a text, one place after the other. Where they are close together, as ends
/// of lines are, a call of memchr for each takes longer.
class BytePlaces {
 public:
  static constexpr size_t kNone = std::string_view::npos;

  /// The text must outlive it.
  BytePlaces(std::string_view text, char byte) : text_(text), byte_(byte) { advance(); }

  /// kNone: there is none, or no other.
  size_t place() const { return place_; }

  void advance() {
    while (found_ == 0) {
      if (looked_at_ + kBlock > text_.size()) return advance_in_rest();
      found_ = look_at(text_.data() + looked_at_);
      looked_at_ += kBlock;
    }
    place_ = looked_at_ - kBlock + static_cast<size_t>(std::countr_zero(found_));
    found_ &= found_ - 1;
  }

 private:
  static constexpr size_t kBlock = 64;

  void advance_in_rest() {
    place_ = text_.find(byte_, looked_at_);
    looked_at_ = place_ == kNone ? text_.size() : place_ + 1;
  }

#if defined(__SSE2__)
  /// A bit for each byte of the block.
  uint64_t look_at(const char* block) const {
    const __m128i wanted = _mm_set1_epi8(byte_);
    uint64_t found = 0;
    for (size_t at = 0; at < kBlock; at += sizeof(__m128i)) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at));
      const auto equal = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
      found |= uint64_t{equal} << at;
    }
    return found;
  }
#else
  uint64_t look_at(const char* block) const {
    uint64_t found = 0;
    for (size_t at = 0; at < kBlock; ++at) found |= uint64_t{block[at] == byte_} << at;
    return found;
  }
#endif

  std::string_view text_;
  char byte_;
  size_t place_ = kNone;
  size_t looked_at_ = 0;
  uint64_t found_ = 0;  // in the block before looked_at_, the places behind place_
};

}  // namespace redactd
