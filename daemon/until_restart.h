#pragma once

// What a reload leaves as it is until the next start. Pure.

#include <string>
#include <vector>

#include "config/daemon_config.h"

namespace redactd {

bool writes_to(const SourceConfig& source, const std::string& sink);

/// The sources that run, `now` in force, as they are with `next`: they keep what they were started
/// with, but for their sinks and certificates. One that `next` does not have keeps its sinks as far
/// as they stay; if none does, that goes to `errors`.
std::vector<SourceConfig> running_sources(const DaemonConfig& now, const DaemonConfig& next,
                                          std::vector<std::string>& errors);

}  // namespace redactd
