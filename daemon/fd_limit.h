#pragma once

#include <cstddef>

namespace redactd {

/// Raises the number of files that redactd may have open to what the system allows it, and returns
/// that number. Throws std::system_error.
size_t raise_fd_limit();

}  // namespace redactd
