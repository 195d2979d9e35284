#pragma once

// `redactd run -- PROGRAM ARGUMENTS`: a program whose output goes through redactd.

#include <memory>

#include "daemon/filter/filter.h"
#include "daemon/run/run_options.h"
#include "filters/rule_set.h"

namespace redactd {

/// Starts the program and returns its exit status as a shell would, once it has ended and
/// everything that it put out has been written: 128 + N after signal N, 127 when it was not found,
/// 126 when it cannot be run, kRuntimeError when input, output or engine failed: the program's
/// output then ends, as if its reader had gone. As process 1 it reaps what others left behind. Ends
/// this process by SIGINT if that is how the program ended on Ctrl-C. Throws std::system_error.
int run_program(const std::shared_ptr<const RuleSet>& rules, const FilterOptions& filter,
                const RunOptions& options);

}  // namespace redactd
