#pragma once

// What can be told of a rule's pattern from its text, without compiling it.

#include <string>
#include <string_view>

namespace redactd {

/// A pattern must match within one record: why this one might not. Empty: it does.
std::string refuse_line_feed(const std::string& pattern);

/// `\bkey` begins a word also behind the line breaks and tabs of JSON and of syslog (`\n`, `#012`)
/// and behind a terminal's colours (`ESC[1m`), whose last byte is one of a word to the matcher. Not
/// so alternatives: they would cost the matcher half a percent on every log.
std::string after_escapes(const std::string& pattern);

/// Whether a token's pattern could match a blank; true where that cannot be told at a glance.
bool may_match_blank(std::string_view pattern);

}  // namespace redactd
