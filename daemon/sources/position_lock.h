#pragma once

#include <string>

#include "daemon/descriptor.h"

namespace redactd {

/// Keeps other processes from `position_file` as long as it lives, by a lock on NAME.lock beside
/// it: the positions of two that read at different speeds would take each other's place, and a
/// restart would go on behind records that one of them has not delivered. Throws
/// std::runtime_error.
Descriptor lock_position(const std::string& position_file);

}  // namespace redactd
