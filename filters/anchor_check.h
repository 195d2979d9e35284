#pragma once

#include <string>
#include <vector>

#include "filters/rule.h"
#include "filters/rule_set.h"

namespace redactd {

/// Why the expression of a rule's anchor cannot be one; empty: it can, and then anchor.width is
/// that of a token's core. `pattern` is the one of the rule's patterns that the expression was made
/// of. Throws MatchError where Hyperscan refuses it.
std::string refuse_expression(const std::string& expression, const std::vector<Rule>& rules,
                              size_t pattern, Anchor& anchor);

}  // namespace redactd
