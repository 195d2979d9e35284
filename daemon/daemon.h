#pragma once

#include <string>

namespace redactd {

/// Runs the daemon by its configuration file until it is told to stop; returns the exit status.
int run_daemon(const std::string& config_file);

}  // namespace redactd
