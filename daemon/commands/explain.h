#pragma once

#include <memory>

#include "daemon/commands/options.h"
#include "filters/rule_set.h"

namespace redactd {

/// `redactd explain`: for each line of the input the masks, by rule and byte span, and the near
/// misses with the reason why they stay. Shows nothing of a secret unless asked to.
int explain(std::shared_ptr<const RuleSet> rules, const Options& options);

}  // namespace redactd
