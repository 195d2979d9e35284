#pragma once

// Base64 and hexadecimal around the matcher's hits, read and decoded once for all hits in the same
// run of digits: in a hostile one every digit may be a hit.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "filters/byte_class.h"
#include "filters/matcher/token_cores.h"
#include "filters/spans/decoded_text.h"
#include "filters/spans/encoded_text.h"
#include "filters/spans/extent.h"

namespace redactd {

inline constexpr size_t kUnitsBefore = 100;  // a marker before its fixed part, with what precedes

/// The last digits that were read, as bits.
template <size_t kWidth>
class LastDigits {
 public:
  static constexpr size_t kBitsOfKey = 8 * TokenCores::kKeyBytes;
  /// Digits that a core's first bytes take, and what is before them in the first one.
  static constexpr size_t kOfKey = (kBitsOfKey + kWidth - 1) / kWidth;
  static constexpr size_t kSpare = kOfKey * kWidth - kBitsOfKey;
  static constexpr size_t kKnown = (64 + kWidth - 1) / kWidth;  // digits before those

  void push(char value) {
    older_ = older_ << kWidth | bits_ >> (64 - kWidth);
    bits_ = bits_ << kWidth | static_cast<unsigned char>(value);
  }
  /// The bytes that begin `bit` bits behind the first of the last kOfKey digits, and those before.
  uint32_t key(size_t bit) const { return static_cast<uint32_t>(bits_ >> (kSpare - bit)); }
  uint64_t before(size_t bit) const {
    const size_t behind = kBitsOfKey + kSpare - bit;
    return bits_ >> behind | older_ << (64 - behind);
  }

 private:
  uint64_t bits_ = 0;
  uint64_t older_ = 0;
};

/// Whether a word may begin behind these bytes, the last of them in the lowest bits. Always where
/// word_starts() says so.
inline bool word_may_start(uint64_t before) {
  auto back = [before](size_t n) { return static_cast<char>(before >> (8 * (n - 1)) & 0xffu); };
  if (!is_alnum(back(1)) || back(2) == '\\' || back(4) == '#') return true;
  if (kColourEnds.has(back(1)) && (is_digit(back(2)) || back(2) == ';' || back(2) == '['))
    return true;
  return is_hex(back(1)) &&
         (back(3) == '%' || back(5) == '%' || back(4) == '\\' || back(6) == '\\');
}

/// Of one record and one encoding.
class EncodedDigits {
 public:
  /// A place in decoded bytes, and the unit that its first bits stand in.
  struct Place {
    size_t phase = 0;
    size_t byte = 0;
    size_t unit = 0;
  };

  /// Another record comes.
  void forget() { looked_until_ = 0; }
  /// Forgets, and gives memory back.
  void trim();
  /// Reads on to a hit that ends at byte `hit` of the text, and some digits behind it. Returns how
  /// many digits it looked at.
  size_t move_to(std::string_view text, size_t hit, TextEncoding encoding);

  EncodedText& units() { return units_; }
  /// What they stand for from number `phase` on.
  DecodedText& decoded(size_t phase) {
    decoded_[phase].read(units_, phase, goes_on());
    return decoded_[phase];
  }
  /// Where the units end the text does, unless there are more or the record goes on and cuts it
  /// off.
  bool goes_on() const { return !units_.ends() || units_.ends_text(); }

  /// Calls stop(place) for the places that no hit before told of, in order, at which a core may
  /// begin by its first bytes, until it says yes. It may read more units.
  template <typename Stop>
  void look(const TokenCores& cores, Stop stop) {
    if (group_of(encoding_) == 4) {
      look_as<6>(cores, stop);
    } else {
      look_as<4>(cores, stop);
    }
    looked_until_ = units_.begin_of(next_);
  }
  /// What begins before that place of the text has been masked.
  void pass(size_t place);
  /// Hits up to that place of the text tell of nothing that has not been looked at.
  size_t clear_until() const {
    return units_.begin_of(units_.ends() ? next_ : next_ - std::min(next_, kDigitsInRun));
  }

 private:
  static constexpr size_t kDigitsToHit = 40;    // from where a core begins to where it is reported
  static constexpr size_t kDigitsInRun = 16;    // from a hit to where a core may begin later
  static constexpr size_t kDigitsOfCore = 256;  // every core and what decides on it
  static constexpr size_t kAhead = 1024;
  static constexpr size_t kMostHeld = 4096;

  /// The number of units whose places can be told.
  size_t decided() const {
    return units_.ends() ? units_.size() : units_.size() - std::min(units_.size(), kDigitsOfCore);
  }
  void forget_decoded() {
    for (DecodedText& text : decoded_) text.forget();
  }

  template <size_t kWidth, typename Stop>
  void look_as(const TokenCores& cores, Stop stop) {
    using Last = LastDigits<kWidth>;
    const size_t end = std::max(next_, decided());
    const size_t last = std::min(end, units_.size() - std::min(units_.size(), Last::kOfKey - 1));
    std::string_view values = units_.values();
    Last digits;
    for (size_t i = next_ - std::min(next_, Last::kKnown); i + 1 < next_ + Last::kOfKey; ++i)
      digits.push(i < values.size() ? values[i] : 0);
    for (; next_ < last; ++next_) {
      digits.push(values[next_ + Last::kOfKey - 1]);
      for (size_t bit = 0; bit <= Last::kSpare; bit += 2) {
        const uint32_t key = digits.key(bit);
        if (!cores.may_begin_with(key, true)) continue;
        const bool first = next_ < group_of(encoding_);  // with the run a text may begin
        const bool word = first || word_may_start(digits.before(bit)) || units_.begins_line(next_);
        if (!cores.may_begin_with(key, word) || !cores.begin_with(key, word)) continue;
        const size_t all = next_ * kWidth + bit;
        const size_t phase = kWidth == 4 ? next_ % 2 : (8 - all % 8) / 2 % 4;
        if (all < phase * kWidth) continue;
        if (stop(Place{phase, (all - phase * kWidth) / 8, next_})) {
          ++next_;
          return;
        }
        values = units_.values();  // more may have been read
      }
    }
    next_ = end;
  }

  EncodedText units_;
  TextEncoding encoding_ = TextEncoding::base64;
  size_t looked_until_ = 0;             // of the text; 0: no units
  size_t next_ = 0;                     // the unit to be looked at next
  std::array<DecodedText, 4> decoded_;  // by their phase
};

}  // namespace redactd
