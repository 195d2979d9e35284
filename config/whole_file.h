#pragma once

#include <optional>
#include <string>

#include "config/diagnostic.h"

namespace redactd {

/// The contents of a file; nothing, with a diagnostic, when it cannot be read.
std::optional<std::string> read_whole_file(const std::string& path, Diagnostics& diagnostics);

}  // namespace redactd
