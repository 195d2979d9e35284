#pragma once

// What the text of a user's expression says of its matches, without looking for any.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/byte_class.h"

namespace redactd {

struct RegexShape {
  /// What of the expression has to stand in a record for it to match there: without what may follow
  /// and need not.
  std::string needed;
  /// Bytes of each match before and behind the group asked for, if these are always as many.
  struct Margins {
    size_t before = 0;
    size_t behind = 0;
  };
  std::optional<Margins> margins;
  /// Whether the first or the last byte of a match may be a line feed.
  bool meets_line_end = false;
  /// Every byte that may stand in a match.
  ByteClass bytes;
  /// Of the repeats that a match can do without, and of those of more than one byte: the bytes that
  /// may stand in one. A look at what follows a match can be long, and found to be in vain, only
  /// inside one of these (see "A look behind a match").
  std::vector<ByteClass> doubtful;
};

/// Reads expressions. Remembers what classes hold from one to the next.
class RegexShapes {
 public:
  /// `group`: the secret's; 0: all of the match. Nothing when it is spelt in an unusual way.
  std::optional<RegexShape> shape_of(std::string_view expression, int group);

 private:
  std::map<std::string, ByteClass, std::less<>> classes_;
};

}  // namespace redactd
