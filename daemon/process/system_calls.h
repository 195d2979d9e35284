#pragma once

// What redactd may ask of the kernel once it has started: a seccomp filter with a list of system
// calls that are allowed. Whoever takes the process over by a record can then start no program,
// trace no other process and load nothing into the kernel. docs/sandbox.md has the list with its
// reasons; unit_process holds the two together.

#include <string>
#include <string_view>
#include <vector>

namespace redactd {

/// What the process still has to do.
enum class Confinement {
  filter,           // copies one stream to another: `app | redactd`
  runner,           // the same, and waits for a program and signals it: `redactd run`
  daemon,           // files and sockets too
  starts_programs,  // a daemon whose configuration has known_values.exec: see
                    // confine_system_calls()
};

struct SystemCallGroup {
  std::string_view name;
  Confinement least;  // the first of filter, runner and daemon that has it; those after it do too,
                      // but the daemon has not what only the runner needs
  std::vector<std::string_view> calls;
};

/// What is allowed, and for `starts_programs` what is refused.
const std::vector<SystemCallGroup>& allowed_system_calls();
const std::vector<std::string_view>& calls_refused_to_programs();

/// False under a sanitizer, which needs more calls: then nothing is confined.
bool confines_system_calls();

/// Confines all threads of this process, for good; its children too. What is not allowed fails with
/// EPERM, and the kernel logs it: a record is then withheld and counted like at any other error,
/// while a kill would let a new libc stop everybody's log. With `starts_programs` everything is
/// allowed but calls_refused_to_programs(), for a program inherits the filter and may need
/// anything. Gives up gaining privileges (NO_NEW_PRIVS). Returns why the kernel will not, or
/// nothing.
std::string confine_system_calls(Confinement confinement);

}  // namespace redactd
