#pragma once

#include <cstdint>

namespace redactd {

/// What the system counts of this process.
struct ProcessStats {
  double cpu_seconds = 0;  // user and system
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;   // the soft limit
  double start_time = 0;  // seconds since 1970
};

/// From /proc/self; what cannot be read is 0. Works with dumpable off.
ProcessStats read_process_stats();

}  // namespace redactd
