#pragma once

// Files of KEY=VALUE lines (.env). Pure.

#include <string_view>
#include <vector>

#include "daemon/known/secret.h"

namespace redactd {

/// The pairs in `text`: `export` and blanks before the key, blanks around the `=`, `: ` in its
/// place, comments after `#`, values bare, in '…' or `…` (as they are) or in "…" (with \n \r \t \"
/// \\ \$), quoted ones over several lines. A quote that nothing ends is part of a bare value. Lines
/// without either are skipped; so is what is no key. Where a shell reads another value than that,
/// as of 'it'\''s, there is a second pair, and one for each further assignment in the line.
std::vector<KnownValue> parse_dotenv(std::string_view text);

}  // namespace redactd
