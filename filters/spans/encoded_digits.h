#pragma once

// Base64 and hexadecimal around the matcher's hits, decoded once for hits that stand near each
// other, and not looked at again: every few digits may be one.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "filters/matcher/token_cores.h"
#include "filters/spans/encoded_text.h"
#include "filters/spans/extent.h"
#include "filters/wiping_allocator.h"

namespace redactd {

inline constexpr size_t kUnitsBefore = 100;  // a marker before its fixed part, with what precedes

/// Of one record and one encoding.
class EncodedDigits {
 public:
  /// Another record comes.
  void forget() { units_.reset(); }
  /// Forgets, and gives memory back.
  void trim();
  /// Reads on to a hit that ends at byte `hit` of the text, and some digits behind it. Returns how
  /// many digits it looked at.
  size_t move_to(std::string_view text, size_t hit, TextEncoding encoding);

  /// What stands around the hit; valid until the next call.
  EncodedText& around();
  /// What it stands for from number `phase` on, if holds_core() was asked for that phase.
  std::string_view decoded(size_t phase) const;
  /// The number in around() of the first digit with which a secret may begin that no hit before
  /// told of.
  size_t first_new() const { return first_new_ - window_begin(); }

  /// What begins before that place of the text has been looked at, for hits behind it.
  size_t looked_until() const {
    return units_ && units_->size() < kMostHeld ? units_->begin_of(hit_) : 0;
  }

  /// Whether a core begins with one of the new digits, in bytes from number `phase` of around() on,
  /// where a word begins unless it may stand anywhere.
  bool holds_core(const TokenCores& cores, size_t phase) {
    const size_t from = (window_begin() + phase) % group_of(encoding_);
    SecretText& bytes = bytes_[from];
    units_->decode(from, bytes);
    const size_t end = std::min(bytes.size(), units_->first_byte(from, hit_));
    bool holds = false;
    for (size_t at = units_->first_byte(from, first_new_); !holds && at < end; ++at) {
      cores.at(
          std::string_view(bytes).substr(at),
          [&](const TokenCores::Core& core) { return core.anywhere || word_starts(bytes, at); },
          [&](const TokenCores::Core&) { holds = true; });
    }
    return holds;
  }

 private:
  static constexpr size_t kMostHeld = 4096;  // digits

  size_t window_begin() const;

  std::optional<EncodedText> units_;
  EncodedText near_;
  TextEncoding encoding_ = TextEncoding::base64;
  size_t hit_ = 0;  // the number of the unit behind it
  size_t first_new_ = 0;
  std::array<SecretText, 4> bytes_;  // by their phase
};

}  // namespace redactd
