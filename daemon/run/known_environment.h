#pragma once

#include <string>
#include <vector>

#include "filters/rule_set.h"

namespace redactd {

/// Rules for the secrets in `environment` (environ(7)), which the program inherits: the variables
/// that say so (is_secret_variable), and those that match one of `patterns`. A value that was asked
/// for by `patterns` and is not fit to be masked is told on standard error.
RuleGroup known_environment(const std::vector<std::string>& patterns,
                            const char* const* environment);

}  // namespace redactd
