#pragma once

#include <cstddef>

#include "config/daemon/daemon_config.h"
#include "daemon/known/found_value.h"

namespace redactd {

/// A file with more bytes holds no secret that one would look for in a log.
inline constexpr size_t kLargestValueFile = 1 << 20;
/// Of the format `lines`.
inline constexpr size_t kLargestList = 64 << 20;
/// Folders in a folder of secrets, at most so deep.
inline constexpr int kDeepestFolder = 8;

/// Reads a file, or all files in a folder and its folders (through symbolic links, as Kubernetes
/// lays them; entries that begin with `..` are its own and are left out). A whole file is one value
/// without the newline at its end, named after the file, in a folder of a folder `folder.file`.
/// Stops after `most` values. Blocks; nothing but regular files is opened for longer than it takes
/// to see that it is none.
Reading read_value_path(const KnownValuesConfig::Path& path, size_t most);

}  // namespace redactd
