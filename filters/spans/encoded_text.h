#pragma once

// Text in an encoding, unit by unit: a digit of base64, a digit of hexadecimal, or a byte with or
// without an escape. A unit takes several bytes where it is itself escaped (`\/`, `%2B`).

#include <cstddef>
#include <string_view>
#include <vector>

#include "filters/matcher/token_cores.h"
#include "filters/wiping_allocator.h"

namespace redactd {

/// The byte that an escape at `at` stands for: `%67`, `\u0067`, `\x67`, behind more backslashes
/// where JSON stands in JSON. Returns its length; 0: none is there.
size_t escape_at(std::string_view text, size_t at, char& byte);

/// The unit at `at`, or the one that ends before `at`: its length and its value (a digit's, or a
/// byte). 0: none is there.
size_t unit_at(std::string_view text, size_t at, TextEncoding encoding, unsigned char& value);
size_t unit_before(std::string_view text, size_t at, TextEncoding encoding, unsigned char& value);

/// Padding of base64 (`=`, also escaped) at `at`: its end.
size_t padding_end(std::string_view text, size_t at);

/// How many units it takes until units and bytes end together: 4, 2 or 1.
size_t group_of(TextEncoding encoding);

/// The units around a place of a text, which must outlive them.
class EncodedText {
 public:
  EncodedText() = default;
  /// `before` units at most that end before `at`, and `after` from there on.
  EncodedText(std::string_view text, size_t at, TextEncoding encoding, size_t before, size_t after);
  /// Takes in `after` more units.
  void extend(size_t after);

  size_t size() const { return begins_.size(); }
  /// Units before the place.
  size_t before() const { return before_; }
  /// The unit's first byte; of size(): what follows the last one.
  size_t begin_of(size_t unit) const { return unit < begins_.size() ? begins_[unit] : end_; }
  /// No further unit follows.
  bool ends() const { return ends_; }

  /// The number of the unit that begins at a byte of the text; kNone (npos): none does.
  size_t number_of(size_t begin) const;
  /// Makes `part` of those before unit number `at` and from there on, as if they had been read
  /// around it.
  void around(size_t at, size_t before, size_t after, EncodedText& part) const;

  /// Adds what is missing of what the units from number `phase` on stand for, as far as whole bytes
  /// go.
  void decode(size_t phase, SecretText& bytes) const;
  /// So many bytes do some units stand for.
  size_t whole_bytes(size_t units) const;
  /// The first decoded byte that depends on no unit before that number.
  size_t first_byte(size_t phase, size_t unit) const;
  /// The first unit that a decoded byte depends on, and the one behind the last.
  size_t first_unit(size_t phase, size_t byte) const;
  size_t last_unit(size_t phase, size_t byte) const;

 private:
  std::string_view text_;
  TextEncoding encoding_ = TextEncoding::base64;
  std::vector<size_t> begins_;
  SecretText values_;
  size_t before_ = 0;
  size_t end_ = 0;
  bool ends_ = false;
};

}  // namespace redactd
