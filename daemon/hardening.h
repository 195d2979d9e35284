#pragma once

namespace redactd {

/// Keeps secrets that pass through memory from leaving it: no core dumps, no debugger and no
/// /proc/PID/mem for others (dumpable off), and no program started from here gains privileges. The
/// daemon calls it before it reads its configuration. Throws std::system_error: without it redactd
/// does not start.
void harden_process();

}  // namespace redactd
