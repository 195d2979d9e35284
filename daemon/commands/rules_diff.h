#pragma once

#include "daemon/commands/options.h"

namespace redactd {

/// `redactd rules diff A B FILE…`: what would be masked differently, by place and rule; never the
/// bytes. Exit status 1 if anything would.
int diff_rules(const Options& options);

}  // namespace redactd
