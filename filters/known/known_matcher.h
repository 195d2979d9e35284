#pragma once

// Finds exact texts, hundreds of thousands of them, in a stream of bytes.
//
// Each text is known by the grams (4 or 6 bytes in a row) near its end. There are so many of them
// that the scan need only look at every 11th byte of the stream, for short texts at every third:
// wherever a text ends, one of the places looked at holds one of its grams. A filter of bits tells
// quickly that a gram belongs to no text; behind it a table leads from the last bytes of a text to
// all texts that end so, sorted by their bytes from the last to the first, in which the longest one
// that stands here is found by bisection.
//
// Everything is decided by bytes before the end of the match, so the scan needs no memory between
// reads and finds the same matches however the bytes arrive. Work for a byte is bounded by the
// longest text (and is a fraction of a nanosecond for bytes that look like none).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/matcher/matcher.h"
#include "filters/wiping_allocator.h"

namespace redactd {

/// Immutable after build(); shared by all threads. The texts are overwritten when it is destroyed.
class KnownMatcher {
 public:
  /// Texts shorter than this are not taken.
  static constexpr size_t kShortest = 6;

  /// Takes note of a text for the owner of that number. Of several owners of one text the lowest
  /// number counts. False: it is too short, or there is no room for more (4 GiB, 16
  /// million texts).
  bool add(std::string_view text, uint32_t owner);
  /// Ends the adding.
  void build();

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::string_view text(size_t number) const {
    return {text_.data() + entries_[number].begin, entries_[number].size};
  }
  uint32_t owner(size_t number) const { return entries_[number].owner; }

  /// Appends a match for every place in the last `fresh` bytes of `held` where a text ends: the
  /// number of the longest such text (of each class of lengths), plus `first_number`. `held` are
  /// the bytes of the stream from its byte `offset` on; what went before `held` is part of no
  /// match. Needs kScanPadding readable bytes behind `held`.
  void scan(std::string_view held, size_t fresh, uint64_t offset, uint32_t first_number,
            std::vector<Match>& matches) const;

  /// How many bytes at the end of `bytes` are the beginning of a text, its last byte not among
  /// them; less than `least` bytes count for nothing. `owner` is set to the owner of the text; 0:
  /// none.
  size_t cut_off(std::string_view bytes, size_t least, uint32_t& owner) const;

  /// Bytes of memory in use.
  size_t bytes() const;

 private:
  struct Entry {
    uint32_t begin = 0;  // in text_
    uint32_t size = 0;
    uint32_t owner = 0;
    uint32_t shorter = 0;  // the longest entry that this one ends with; kNoEntry: none
  };
  static constexpr uint32_t kNoEntry = 0xffffffff;

  /// From a gram to a run of entries, in an order where those with the same gram are neighbours.
  struct Runs {
    struct Slot {
      uint32_t first = 0;
      uint32_t count : 24 = 0;
      uint32_t tag : 8 = 0;  // of the gram's hash, so that entries are rarely looked at in vain
    };
    std::vector<Slot> slots;  // a power of two, open addressing; count 0: free

    template <typename GramOf>
    void build(size_t from, size_t to, GramOf gram_of);
    template <typename GramOf>
    Slot find(uint64_t gram, GramOf gram_of) const;
  };

  /// Texts of similar length, which are scanned for together.
  struct Class {
    uint32_t first = 0;  // [first, last) in entries_
    uint32_t last = 0;
    std::vector<uint64_t> filter;  // two bits in one word for each gram, by its hash
    unsigned shift = 0;
    Runs ends;
  };
  static constexpr size_t kClasses = 3;

  const char* end_of(const Entry& entry) const { return text_.data() + entry.begin + entry.size; }
  template <size_t kClass>
  void build_class();
  template <size_t kClass>
  void scan_class(std::string_view held, size_t fresh, uint64_t offset, uint32_t first_number,
                  std::vector<Match>& matches) const;
  uint32_t longest_before(const char* end, size_t available, Runs::Slot run) const;
  void build_heads();

  std::vector<char, WipingAllocator<char>> text_;  // with 8 bytes of padding at its end
  std::vector<Entry> entries_;                     // by class, then by their bytes from the last on
  std::array<Class, kClasses> classes_;
  std::vector<uint32_t> by_head_;  // numbers of entries, by their bytes from the first on
  Runs heads_;                     // of by_head_, by the first bytes
  size_t longest_ = 0;
};

}  // namespace redactd
