#pragma once

// Pairs of bytes that are rare in logs, by which known values are looked for: `7K`, `aB`, `;&`. A
// random text has one in every few bytes, a clean log in one of thirty.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace redactd {

/// A set of pairs. Each of its 16 parts is a product: so many high halves times so many low halves
/// of the first byte, and the same of the second, which is what a processor can look up for 32
/// bytes at once. Ten parts are made for what encoders, hexadecimal digits and random letters look
/// like; six grow for texts that have none of those.
class PairMarks {
 public:
  PairMarks();

  /// Sees to it that `text` has a pair of the set with `gram` bytes or more from its beginning on.
  /// 2 ≤ gram ≤ size of the text.
  void cover(std::string_view text, size_t gram);
  /// After the last cover(): takes back what no text was covered by, and makes ready to find().
  void build();

  /// Where the rarest such pair of the text begins, of several that are as rare the one whose gram
  /// is.
  size_t rarest(std::string_view text, size_t gram) const;

  /// Most bytes of one find().
  static constexpr size_t kMost = 2048;
  using Places = std::array<uint16_t, kMost + 64>;
  /// The first `size` places (at most kMost) at `text` where a pair of the set begins, in order;
  /// how many. Needs kScanPadding readable bytes behind them.
  size_t find(const char* text, size_t size, Places& places) const {
    return find_(*this, text, size, places);
  }

  /// For tests: as on a processor that has nothing special.
  void use_portable() { find_ = find_portable; }

  /// One byte of the pairs: which parts its halves belong to, a bit for each part.
  struct Byte {
    std::array<uint16_t, 16> high = {};
    std::array<uint16_t, 16> low = {};
    unsigned parts(char c) const {
      auto byte = static_cast<unsigned char>(c);
      return high[byte >> 4] & low[byte & 15];
    }
  };

 private:
  using Find = size_t (*)(const PairMarks&, const char*, size_t, Places&);
  static size_t find_portable(const PairMarks& marks, const char* text, size_t size,
                              Places& places);
  static size_t find_avx2(const PairMarks& marks, const char* text, size_t size, Places& places);

  unsigned parts_of(const char* pair) const {
    return first_.parts(pair[0]) & second_.parts(pair[1]);
  }
  void widen(std::string_view text, size_t gram);

  Byte first_;
  Byte second_;
  std::array<uint16_t, 256> first_parts_ = {};  // of each byte, for find_portable()
  std::array<uint16_t, 256> second_parts_ = {};
  unsigned needed_ = 0;  // parts that cover a text
  Find find_ = find_portable;
};

}  // namespace redactd
