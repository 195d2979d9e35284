#pragma once

#include <string>

namespace redactd {

/// `redactd check`: reads the configuration file and compiles its rules as the filter or the daemon
/// would at start, and starts neither.
int check_config(const std::string& config_file);

}  // namespace redactd
