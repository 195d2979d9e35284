#pragma once

#include <vector>

#include "daemon/known/secret.h"
#include "filters/rule_set.h"

namespace redactd {

/// A rule for each name, so that the mask tells whose value it stands for. The group holds copies
/// of the values, which the rule set that it goes into overwrites (RuleSet::compile()).
RuleGroup rules_of(const std::vector<KnownValue>& values, bool encodings);

}  // namespace redactd
