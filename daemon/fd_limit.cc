#include "daemon/fd_limit.h"

#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace redactd {

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

}  // namespace redactd
