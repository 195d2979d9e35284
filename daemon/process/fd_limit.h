#pragma once

#include <cstddef>

namespace redactd {

/// Raises the number of files that redactd may have open to what the system allows it, and returns
/// that number. Throws std::system_error.
size_t raise_fd_limit();

/// Whether so few descriptors are left that connections may take no more of them: the rest is for
/// sinks that connect again, the admin endpoint and files. `open` is any descriptor that is open.
bool descriptors_are_short(int open);

}  // namespace redactd
