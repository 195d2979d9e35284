#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/byte_class.h"

namespace redactd {

/// A token's pattern that is a literal and then a class up to its end, `eyJ[A-Za-z0-9_-]{8}`, or
/// several behind some heads. The matcher is given the literal alone, which it finds without an
/// automaton; what it finds counts where the tail follows.
struct LiteralHead {
  std::string literal;  // an expression, narrow classes in it too, of this many bytes:
  size_t width = 0;
  /// So many bytes of a class.
  struct Part {
    ByteClass members;
    size_t width = 0;
  };
  std::vector<Part> tail;
  size_t tail_width = 0;  // of all its parts
  /// Where more of the literal's byte may stand before the token, as in the escape before it: how
  /// many bytes behind the run's beginning it may begin.
  size_t latest = 0;
};

/// Nothing: the pattern is another, or its literal is so short that too much would be reported.
std::optional<LiteralHead> literal_head(std::string_view pattern);

/// The same of a pattern that begins with one letter many times, `A{21}[A-Za-z0-9%]{12}` or
/// `AAAA[A-Za-z0-9_-]{7}:`, whose secrets begin where a word does: found once in a run of the
/// letter. With the tail in the expression the matcher ran an automaton from each byte of the run
/// on.
std::optional<LiteralHead> run_head(std::string_view pattern);

}  // namespace redactd
