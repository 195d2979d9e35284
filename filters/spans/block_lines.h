#pragma once

// What a line within a block is: key material, a header, a pair of a map, or a stranger.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "filters/spans/block_span.h"
#include "filters/spans/span.h"

namespace redactd {

/// The prefix of the begin marker's line again, with other digits and words: `2026-01-02T03:04:05Z
/// INFO `. Returns its length in `text`, 0 when the line has no such prefix.
size_t matching_prefix(std::string_view text, std::string_view prefix);

/// What matching_prefix() needs of the text before a marker: not the words, which may be secrets.
std::string shape_of_prefix(std::string_view text);

std::string_view without_trailing_blanks(std::string_view text);

/// A line break in its spelling (`\n`, in JSON in JSON `\\n`) at `at`: its length, else 0.
size_t spelt_line_break(std::string_view text, size_t at);

/// Where the line's content ends: before a closing quote or escape that belongs to what is around
/// it.
size_t content_end(std::string_view text, size_t from);

/// What follows a begin marker is key material, or a header before it, and not the rest of a
/// sentence.
bool body_starts(std::string_view text);

/// A line of the block: adds its span, if it has content. False: the line is no part of the block.
bool mask_line(std::string_view text, const OpenBlock& open, std::vector<Span>& spans);

/// Key material behind a prefix that is not the begin marker's: only long runs are taken.
bool mask_stranger(std::string_view text, const OpenBlock& open, std::vector<Span>& spans);

/// `name: value` of a Secret's data: the value is base64 (RFC 4648 §4, padded), and not a word that
/// happens to be. False: the map is over.
bool mask_pair(std::string_view text, const OpenBlock& open, std::vector<Span>& spans);

/// The same within a string that holds the whole document with its line breaks spelt out. Returns
/// where the map ends.
size_t mask_spelt_pairs(std::string_view text, const BlockMarker& marker, std::vector<Span>& spans);

}  // namespace redactd
