#pragma once

// What a configuration file can refer to outside itself. Tests and fuzzing put their own in place
// of the machine's.

#include <functional>
#include <optional>
#include <string>

namespace redactd {

struct Surroundings {
  /// An environment variable; nothing when it is not set.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  /// The contents of a file; nothing, and why in `error`, when it cannot be read.
  std::function<std::optional<std::string>(const std::string& path, std::string& error)> read_file;
};

/// The environment and the files of this process. A file of more than 16 MiB is refused.
const Surroundings& this_machine();

/// Neither variables nor files.
const Surroundings& no_surroundings();

}  // namespace redactd
