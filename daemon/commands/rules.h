#pragma once

#include "daemon/commands/options.h"

namespace redactd {

/// `redactd rules …`: each prints its result and returns the exit status.
int list_rules(const Options& options);
int show_rules(const Options& options);
int check_packs(const Options& options);
int test_packs(const Options& options);

}  // namespace redactd
