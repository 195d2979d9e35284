#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filters/rule.h"

namespace redactd {

/// Tells whether the values of known rules are the same as before, without keeping them: a SHA-256
/// of those of the rules with these `numbers`. Throws std::runtime_error where OpenSSL fails.
std::string known_digest(const std::vector<Rule>& rules, const std::vector<uint32_t>& numbers);

}  // namespace redactd
