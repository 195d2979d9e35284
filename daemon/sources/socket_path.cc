#include "daemon/sources/socket_path.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace redactd {

void clear_socket_path(const std::string& path, int type) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) != 0) {
    if (errno == ENOENT) return;
    throw std::runtime_error(path + ": " + std::strerror(errno));
  }
  if (!S_ISSOCK(there.st_mode)) {
    throw std::runtime_error(path + " exists and is no socket; remove it or listen elsewhere");
  }
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::runtime_error(path + " is too long for a socket; at most " +
                             std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  int probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) throw std::runtime_error(path + ": " + std::strerror(errno));
  int answer =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  close(probe);
  // EPROTOTYPE: it listens for another kind of socket.
  if (answer == 0 || answer == EAGAIN || answer == EPROTOTYPE)
    throw std::runtime_error("another process listens on " + path + "; stop it first");
  if (answer != ECONNREFUSED) throw std::runtime_error(path + ": " + std::strerror(answer));
  if (unlink(path.c_str()) != 0) throw std::runtime_error(path + ": " + std::strerror(errno));
}

void SocketPath::take(const std::string& path, unsigned mode) {
  path_ = path;
  struct stat is = {};
  if (chmod(path.c_str(), mode) != 0 || lstat(path.c_str(), &is) != 0)
    throw std::system_error(errno, std::generic_category(), path);
  device_ = is.st_dev;
  inode_ = is.st_ino;
}

void SocketPath::remove() {
  struct stat is = {};
  if (!path_.empty() && lstat(path_.c_str(), &is) == 0 && is.st_dev == device_ &&
      is.st_ino == inode_)
    unlink(path_.c_str());
  path_.clear();
}

}  // namespace redactd
