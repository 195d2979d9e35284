#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "filters/byte_class.h"

namespace redactd {

/// A token's pattern that is a literal and then a class up to its end, `eyJ[A-Za-z0-9_-]{8}`. The
/// matcher is given the literal alone, which it finds without an automaton; what it finds counts
/// where the tail follows.
struct LiteralHead {
  std::string literal;  // an expression of this many bytes:
  size_t width = 0;
  ByteClass tail;
  size_t tail_width = 0;
};

/// Nothing: the pattern is another, or ordinary text is full of its literal, each of which would
/// cost a look.
std::optional<LiteralHead> literal_head(std::string_view pattern);

}  // namespace redactd
