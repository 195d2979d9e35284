#pragma once

// `redactd --config FILE` where FILE has sources.

#include <string>

namespace redactd {

/// Runs until SIGTERM, SIGINT or the end of everything there is to read. Returns the exit status;
/// errors of the configuration are printed as `redactd check` prints them.
int run_daemon(const std::string& config_file);

}  // namespace redactd
