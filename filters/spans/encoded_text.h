#pragma once

// Text in an encoding, unit by unit: a digit of base64, a digit of hexadecimal, or a byte with or
// without an escape. A unit takes several bytes where it is itself escaped (`\/`, `%2B`).

#include <algorithm>
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

/// How many units it takes until units and bytes end together.
inline size_t group_of(TextEncoding encoding) {
  return encoding == TextEncoding::base64 ? 4 : encoding == TextEncoding::hex ? 2 : 1;
}

/// The unit before `at`, which may end a line that base64 was wrapped at.
struct UnitBefore {
  size_t begin = 0;
  size_t end = 0;  // not behind begin: none is there
};
UnitBefore unit_before_break(std::string_view text, size_t at, TextEncoding encoding,
                             unsigned char& value);

/// Past a line break in its spelling (`\n`, `\r\n`) at `at`, where base64 goes on behind it.
size_t skip_wrap(std::string_view text, size_t at);

/// The units around a place of a text, which must outlive them. Of base64 that was wrapped, with
/// its line breaks spelt out, the lines are one text; the break belongs to the digit behind it.
class EncodedText {
 public:
  EncodedText() = default;
  EncodedText(std::string_view text, size_t at, TextEncoding encoding, size_t before,
              size_t after) {
    read(text, at, encoding, before, after);
  }
  /// Forgets, and takes `before` units at most that end before `at`, and `after` from there on.
  void read(std::string_view text, size_t at, TextEncoding encoding, size_t before, size_t after);
  /// Takes in `after` more units.
  void extend(size_t after);
  /// Forgets the first ones, a whole number of groups.
  void drop_front(size_t groups);

  size_t size() const { return begins_.size(); }
  /// Units before the place.
  size_t before() const { return before_; }
  /// The unit's first byte; of size(): what follows the last one.
  size_t begin_of(size_t unit) const { return unit < begins_.size() ? begins_[unit] : end_; }
  /// The first unit that begins at a byte of the text or behind it.
  size_t first_from(size_t place) const;
  /// No further unit follows.
  bool ends() const { return ends_; }
  /// The record's text ends with them.
  bool ends_text() const { return end_ == text_.size(); }
  /// What each unit stands for.
  std::string_view values() const { return values_; }
  /// Whether the unit is in the first group of a line: what stands before may be another text.
  bool begins_line(size_t unit) const {
    const size_t first = unit - std::min(unit, group_of(encoding_) - 1);
    return begin_of(unit + 1) - begin_of(first) != unit + 1 - first && holds_wrap(first, unit);
  }

  /// Adds what is missing of what the units from number `phase` on stand for, as far as whole bytes
  /// go.
  void decode(size_t phase, SecretText& bytes) const;
  /// The first unit that a decoded byte depends on, and the one behind the last.
  size_t first_unit(size_t phase, size_t byte) const;
  size_t last_unit(size_t phase, size_t byte) const;

 private:
  void read_back(size_t before);
  bool holds_wrap(size_t first, size_t last) const;
  void push(size_t begin, unsigned char value) {
    begins_.push_back(begin);
    values_ += static_cast<char>(value);
  }

  std::string_view text_;
  TextEncoding encoding_ = TextEncoding::base64;
  std::vector<size_t> begins_;
  SecretText values_;
  size_t before_ = 0;
  size_t end_ = 0;
  bool ends_ = false;
};

}  // namespace redactd
