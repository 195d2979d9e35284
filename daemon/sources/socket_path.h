#pragma once

#include <string>

namespace redactd {

/// Removes the socket that an ended process has left at `path`. Throws std::runtime_error when
/// something else is there, or someone still listens. `type` is SOCK_STREAM or SOCK_DGRAM.
void clear_socket_path(const std::string& path, int type);

}  // namespace redactd
