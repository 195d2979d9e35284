#include "daemon/metrics/process_stats.h"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace redactd {
namespace {

double seconds_of(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// The fields of proc_pid_stat(5) behind the command, which may hold spaces: [0] is the state,
/// field 3 there.
void read_stat(ProcessStats& stats) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  size_t behind_command = line.rfind(')');
  if (behind_command == std::string::npos) return;
  std::istringstream fields(line.substr(behind_command + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double start_ticks = 0;
  uint64_t resident_pages = 0;
  fields >> start_ticks >> stats.virtual_bytes >> resident_pages;
  stats.resident_bytes = resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  // Ticks count from boot. /proc/stat knows when that was, but is hidden by ProcSubset=pid.
  double since_start =
      seconds_of(CLOCK_BOOTTIME) - start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  stats.start_time = seconds_of(CLOCK_REALTIME) - since_start;
}

uint64_t count_open_fds() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  uint64_t entries = 0;
  while (readdir(folder) != nullptr) ++entries;
  closedir(folder);
  constexpr uint64_t kNotCounted = 3;  // `.`, `..` and the folder's own
  return entries - kNotCounted;
}

}  // namespace

ProcessStats read_process_stats() {
  ProcessStats stats;
  read_stat(stats);
  stats.open_fds = count_open_fds();
  stats.cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = limit.rlim_cur;
  return stats;
}

}  // namespace redactd
