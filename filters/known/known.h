#pragma once

// Known values: exact secrets that the machine itself holds. What is fit to be looked for, in which
// pieces, and under which name.

#include <string>
#include <string_view>

#include "filters/known/known_spellings.h"

namespace redactd {

/// A value shorter than this is no secret worth the damage: it would mask every `e`.
inline constexpr size_t kShortestKnown = 6;
/// Longer lines are looked for in pieces of this size.
inline constexpr size_t kLongestKnown = 4096;

/// Why `value` cannot be looked for: masking it would mask ordinary text. Empty: it can. The reason
/// goes on from "the value" and shows nothing of it. Of several lines one that is fit is enough.
std::string refuse_known(std::string_view value);

/// The parts of a value of several lines that are fit to be looked for, each a value of its own:
/// records are single lines.
SecretTexts known_lines(std::string_view value);

/// Every text to look for: the spellings of the value's lines and, where they stand on one line,
/// of the whole. Without `encodings` the lines alone.
SecretTexts known_texts(std::string_view value, bool encodings);

/// The id of the rule of a value's source, an environment variable or a file:
/// `known:DB_PASSWORD`. Bytes of the name that cannot stand in a mask become `_`.
std::string known_rule_id(std::string_view name);

}  // namespace redactd
