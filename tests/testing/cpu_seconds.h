#pragma once

#include <ctime>

namespace redactd::test {

/// Of this process's work so far, for tests of how much there is: the machine may be busy with
/// other things.
inline double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace redactd::test
