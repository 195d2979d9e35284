#include "daemon/sources/position_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace redactd {

Descriptor lock_position(const std::string& position_file) {
  const std::string path = position_file + ".lock";
  Descriptor lock(
      open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600));
  if (lock.get() < 0)
    throw std::runtime_error("position file " + position_file +
                             ": cannot be written: " + std::generic_category().message(errno));
  // A file system that knows no locks keeps nobody from reading logs.
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw std::runtime_error("position file " + position_file +
                             ": is in use by another redactd; give each one of its own");
  return lock;
}

}  // namespace redactd
