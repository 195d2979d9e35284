#pragma once

// What a reload leaves as it is until the next start. Pure.

#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"

namespace redactd {

bool writes_to(const SourceConfig& source, const std::string& sink);

/// What of `next` is not in force before a restart, for people: it shows names of sources alone.
std::vector<std::string> changes_until_restart(const DaemonConfig& now, const DaemonConfig& next);

/// Gives that to `next` as it is `now`. Sources keep what they were started with, but for their
/// sinks and certificates; one that is not in `next` keeps its sinks as far as they stay. Returns
/// what is wrong: none of them does.
std::vector<std::string> keep_until_restart(const DaemonConfig& now, DaemonConfig& next);

/// What is wrong with what has come of that: sinks that lead back to sources that go on, of which
/// the new file said nothing.
std::vector<std::string> loops_until_restart(const DaemonConfig& config);

}  // namespace redactd
