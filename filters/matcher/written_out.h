#pragma once

#include <string>
#include <vector>

namespace redactd {

/// A token's pattern as the matcher is given it. Where it begins with two classes of a few bytes,
/// these are written out, `[MN][DT]x` as `MDx`, `MTx`, `NDx` and `NTx`: the matcher then looks for
/// literals, and else runs an automaton over everything. Together they match what the pattern does.
std::vector<std::string> written_out(const std::string& pattern);

}  // namespace redactd
