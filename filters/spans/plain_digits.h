#pragma once

// Base64 and hexadecimal without escapes, looked through ahead of the matcher's hits: in a hostile
// run every digit may be one, and nearly all of them tell of nothing.

#include <cstddef>

#include "filters/matcher/token_cores.h"
#include "filters/spans/span.h"

namespace redactd {

inline constexpr size_t kDigitsToHit = 40;  // from where a core begins to where it is reported

/// The place before which no core begins in the digits around the hit: of those that hits up to
/// that place tell of and that begin at `from` or later. It may lie far behind the hit. Before it:
/// what the hit tells of has to be read, for a core may be there, or escapes are near.
size_t clear_of_cores(const RecordView& record, const TokenCores& cores, TextEncoding encoding,
                      size_t hit, size_t from);

}  // namespace redactd
