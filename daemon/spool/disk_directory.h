#pragma once

#include <memory>
#include <string>

#include "daemon/spool/spool_directory.h"

namespace redactd {

/// Makes the directory if it is not there (not those above it) and takes it for this process
/// alone: nobody else may be able to write to it, and its lock must be free. Null while another
/// sink of this process still has it. Throws std::runtime_error with what is wrong and what to do.
/// The lock is let go of with the object.
std::unique_ptr<SpoolDirectory> open_spool_directory(const std::string& path);

}  // namespace redactd
