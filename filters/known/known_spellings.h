#pragma once

// The spellings under which a known value may stand in a log: what encoders of data formats,
// languages and shells make of it.

#include <string_view>
#include <vector>

#include "filters/wiping_allocator.h"

namespace redactd {

/// Overwrites also what fits into its strings themselves.
using SecretTexts = std::vector<SecretText, WipingAllocator<SecretText>>;

/// The value itself and its encodings, sorted, without duplicates:
/// - base64 and base64url at the three alignments, cut to the digits that do not depend on what
///   stands around the value, also in URLs and JSON
/// - hexadecimal
/// - percent-encoded, as browsers, form encoders and the libraries of languages do it, once or
/// twice
/// - JSON strings with every habit of escaping, and JSON strings inside JSON strings
/// - quoted for shells, Go, C, Python, SQL, CSV and syslog's structured data
/// - XML and HTML with named, decimal and hexadecimal entities
SecretTexts spellings_of(std::string_view value);

}  // namespace redactd
