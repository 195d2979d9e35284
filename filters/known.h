#pragma once

// The spellings under which a known value may stand in a log.

#include <string>
#include <string_view>
#include <vector>

namespace redactd {

/// A value shorter than this is no secret worth the damage: it would mask every `e`.
inline constexpr size_t kShortestKnown = 6;

/// The value itself and its encodings: base64 and base64url at the three alignments (cut to the
/// characters that do not depend on what stands around it), hexadecimal, percent-encoded,
/// JSON-escaped. Without duplicates; encodings only for values of at least 8 bytes, where they
/// cannot be mistaken for ordinary text.
std::vector<std::string> spellings_of(std::string_view value);

/// The lines of a value of several lines, each a value of its own: records are single lines.
std::vector<std::string> known_lines(std::string_view value);

/// `text` as an expression that matches just these bytes.
std::string escape_expression(std::string_view text);

}  // namespace redactd
