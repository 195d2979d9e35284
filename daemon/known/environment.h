#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/known/found_value.h"

namespace redactd {

/// The variables that are `wanted`. `environment` is a list as in environ(7).
Reading read_environment(
    const std::function<bool(std::string_view name, std::string_view value)>& wanted,
    const char* const* environment);
/// Those whose names match one of `patterns`.
Reading read_environment(const std::vector<std::string>& patterns, const char* const* environment);

}  // namespace redactd
