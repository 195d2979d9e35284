#pragma once

#include <string>
#include <vector>

#include "daemon/known/found_value.h"

namespace redactd {

/// The variables whose names match one of `patterns`. `environment` is a list as in environ(7).
Reading read_environment(const std::vector<std::string>& patterns, const char* const* environment);

}  // namespace redactd
