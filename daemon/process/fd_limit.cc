#include "daemon/process/fd_limit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace redactd {
namespace {

constexpr rlim_t kReserve = 64;  // less where the limit is low

}  // namespace

size_t raise_fd_limit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw std::system_error(errno, std::generic_category(), "getrlimit(RLIMIT_NOFILE)");
  }
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw std::system_error(errno, std::generic_category(), "setrlimit(RLIMIT_NOFILE)");
  }
  return static_cast<size_t>(limit.rlim_cur);
}

bool descriptors_are_short(int open) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  // A new descriptor is the lowest number that is free, so it tells how many are taken.
  int probe = fcntl(open, F_DUPFD_CLOEXEC, 0);
  if (probe < 0) return true;
  close(probe);
  return static_cast<rlim_t>(probe) >= limit.rlim_cur - std::min(kReserve, limit.rlim_cur / 4);
}

}  // namespace redactd
