#pragma once

// How far a secret runs. Each function looks forward from `from` and returns the first byte that is
// no longer part of it; `text.size()` means that the text ended first.

#include <cstddef>
#include <string_view>

#include "filters/byte_class.h"
#include "filters/spans/span.h"

namespace redactd {

inline constexpr size_t kNone = std::string_view::npos;

size_t run_end(std::string_view text, size_t from, const ByteClass& members);

/// The closing quote's first byte (its backslashes included).
size_t quoted_end(std::string_view text, size_t from, const Quote& quote);

/// Where the string in double quotes ends in which `from` stands (`{"msg":"password='abc","n":1}`),
/// before `end`; else `end`. Its closing quote's first byte, backslashes included.
size_t end_of_string_around(std::string_view text, size_t from, size_t end);

/// For quote_at().
Quote quote_behind(std::string_view text, size_t at);

/// What a quote, or the backslashes before it, can begin with.
inline constexpr ByteClass kQuoteStarts = ByteClass::of("\"'`\\%&");

/// The quote that opens at `at`, with the backslashes before it.
inline Quote quote_at(std::string_view text, size_t at) {
  return at < text.size() && kQuoteStarts.has(text[at]) ? quote_behind(text, at) : Quote{};
}

/// The end of a value without quotes. Whitespace, quotes and control bytes always end it; `,` `;`
/// `&` `|` only where another `name=` or nothing follows, closing brackets only where they were not
/// opened inside.
size_t bare_end(std::string_view text, size_t from, const BareContext& context);

/// bare_end(), or `limit` where that is nearer; what is far behind the limit is not looked at.
size_t bare_end_before(std::string_view text, size_t from, size_t limit,
                       const BareContext& context);

/// Bytes of a bare value that mean nothing to bare_end().
inline constexpr ByteClass kInBare = [] {
  constexpr ByteClass kTelling = ByteClass::of("\"'`\\%<&,;|[({)]}>\xe3\xef");
  ByteClass plain;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (!is_blank(c) && !kTelling.has(c)) plain.add(static_cast<unsigned char>(byte));
  }
  return plain;
}();

/// Whether another `name=` (or `name:`) stands at `at`, past blanks: the next pair of a list.
bool pair_starts(std::string_view text, size_t at);

/// For skip_colour().
size_t colours_end(std::string_view text, size_t at);

/// Past any ANSI colour sequences (`ESC [ 3 1 m`, also as `\u001b[31m`, `\x1b[31m` or `#033[31m`)
/// that stand at `at`.
inline size_t skip_colour(std::string_view text, size_t at) {
  const bool may_be =
      at < text.size() && (text[at] == '\x1b' || text[at] == '\\' || text[at] == '#');
  return may_be ? colours_end(text, at) : at;
}

/// Length of the mask, `[REDACTED]` or `[REDACTED:name…]`, that stands at `at`; 0 when none does.
/// The closing bracket may be escaped.
size_t mask_at(std::string_view text, size_t at);

/// The last `[` among the `most` bytes before `at`; kNone.
size_t bracket_before(std::string_view text, size_t at, size_t most);

inline constexpr size_t kMaskReach = 220;

/// Whether byte `at` stands inside a mask.
bool inside_mask(std::string_view text, size_t at);

/// The last letter of a colour, or of what erases the line, which CI jobs print as often.
inline constexpr ByteClass kColourEnds = ByteClass::of("mK");

/// Whether a word can start at `at`: nothing alphanumeric before it, but for the last byte of an
/// escape (`\n`,
/// `%3D`, `\u0022`, `#012`) or of a colour sequence.
bool word_starts(std::string_view text, size_t at);

}  // namespace redactd
