#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "config/diagnostic.h"

namespace redactd {

/// Configurations and packs are far smaller; /dev/zero never ends.
inline constexpr size_t kLargestConfiguration = size_t{64} << 20;

/// The contents of a file; nothing, with a diagnostic, when it cannot be read or holds more than
/// `most` bytes. A named pipe would be waited for and is refused; those that a shell hands over are
/// read.
std::optional<std::string> read_whole_file(const std::string& path, Diagnostics& diagnostics,
                                           size_t most = kLargestConfiguration);

}  // namespace redactd
