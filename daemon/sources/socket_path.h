#pragma once

#include <sys/types.h>

#include <string>

namespace redactd {

/// Removes the socket that an ended process has left at `path`. Throws std::runtime_error when
/// something else is there, or someone still listens. `type` is SOCK_STREAM or SOCK_DGRAM.
void clear_socket_path(const std::string& path, int type);

/// Where a socket of ours is bound.
class SocketPath {
 public:
  /// Once it is bound. Throws std::system_error.
  void take(const std::string& path, unsigned mode);
  /// Unless somebody else's socket is there by now.
  void remove();

 private:
  std::string path_;  // empty: none
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace redactd
