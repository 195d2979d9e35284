#pragma once

#include <memory>

#include "daemon/commands/options.h"
#include "filters/rule_set.h"

namespace redactd {

/// `redactd scan FILE…`: reports what would be masked, never the secret itself. Exit status 1 if
/// anything is found.
int scan_files(const std::shared_ptr<const RuleSet>& rules, const Options& options);

}  // namespace redactd
