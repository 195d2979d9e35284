#pragma once

#include "daemon/commands/options.h"

namespace redactd {

/// `redactd rules lint [FILE|DIR…]`: what each rule costs on a sample and in each stream, and what
/// is odd about it.
int lint_rules(const Options& options);

}  // namespace redactd
