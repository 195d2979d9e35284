#pragma once

// Finds exact texts, hundreds of thousands of them, in a stream of bytes.
//
// Of each text one place near its end is remembered where a pair of bytes stands that is rare in
// logs (pair_marks.h), and how far the end is from there. In the stream only such pairs are looked
// at. A filter of bits tells quickly that the 4 or 6 bytes from there on belong to no text; behind
// it a table says where texts may end, and another leads from the last bytes there to all texts
// that end so, sorted by their bytes from the last to the first, in which the longest one that
// stands here is found by bisection.
//
// Everything is decided by bytes before the end of the match, so the scan needs no memory between
// reads and finds the same matches however the bytes arrive. Work for a byte is bounded by the
// longest text (and is a fraction of a nanosecond for bytes that look like none).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/known/pair_marks.h"
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
  /// For tests: scans as on a processor that has nothing special.
  void use_portable() { pairs_.use_portable(); }

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::string_view text(size_t number) const {
    return {text_.data() + entries_[number].begin, entries_[number].size};
  }
  uint32_t owner(size_t number) const { return entries_[number].owner; }

  /// Appends a match for every place in the last `fresh` bytes of `held` where a text ends: the
  /// number of the longest such text, plus `first_number`. `held` are
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

  /// From a gram, the first bytes from where a rare pair begins, to how far from there texts end.
  struct Ends {
    uint64_t gram = 0;
    uint32_t distances = 0;  // bit i: kNearest + i; 0: free
  };
  using EndsList = std::vector<Ends, WipingAllocator<Ends>>;
  struct Grams {
    uint64_t bytes = 0;            // of a load that belong to a gram
    std::vector<uint64_t> filter;  // two bits in one word for each gram, by its hash
    unsigned shift = 0;
    EndsList ends;  // a power of two, open addressing

    bool empty() const { return filter.empty(); }
    void build(EndsList all);
    size_t keep(const char* text, const PairMarks::Places& places, size_t count,
                PairMarks::Places& kept) const;
    uint32_t distances(const char* text) const;
    size_t slot_of(uint64_t gram) const;
  };
  static constexpr size_t kNearest = 4;
  static constexpr size_t kFarthest = kNearest + 31;
  class Batch;

  const char* end_of(const Entry& entry) const { return text_.data() + entry.begin + entry.size; }
  void sort_entries();
  void link_shorter();
  void build_pairs();
  void build_heads();
  uint32_t longest_at(const char* end, size_t available) const;
  uint32_t longest_before(const char* end, size_t available, Runs::Slot run) const;

  WipedBuffer text_;            // with 8 bytes of padding at its end
  std::vector<Entry> entries_;  // by their bytes from the last on
  Runs tails_;                  // of entries_, by the last bytes
  PairMarks pairs_;
  std::array<Grams, 2> grams_;     // of short texts and of long ones
  std::vector<uint32_t> by_head_;  // numbers of entries, by their bytes from the first on
  Runs heads_;                     // of by_head_, by the first bytes
  size_t longest_ = 0;
};

}  // namespace redactd
