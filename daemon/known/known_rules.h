#pragma once

#include <vector>

#include "daemon/known/secret.h"
#include "filters/rule_set.h"

namespace redactd {

/// A rule for each name, so that the mask tells whose value it stands for.
RuleGroup rules_of(const std::vector<KnownValue>& values, bool encodings);

}  // namespace redactd
