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
  /// Where in a match the group asked for lies.
  struct SecretPlace {
    size_t behind = 0;  // so many bytes of the match stand behind it
    /// So many stand before it; nothing: all that stand before the longest tail of the rest in
    /// which every byte may stand in the group.
    std::optional<size_t> before = 0;
    ByteClass inside = {};  // what may stand in the group
  };
  /// Nothing when that is not always so.
  std::optional<SecretPlace> secret;
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
