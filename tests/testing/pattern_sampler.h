#pragma once

// Random strings that an expression matches, for the syntax that the packs use: literals, escapes,
// classes, groups, alternatives, bounded and open repeats, `(?i)`, `\b`, `^`.

#include <random>
#include <string>
#include <string_view>

namespace redactd::test {

/// A string that `pattern` matches if what stands before and behind it fits its `\b` and `^`. A
/// pattern that is not understood throws std::invalid_argument.
std::string sample(std::string_view pattern, std::mt19937& random);

}  // namespace redactd::test
