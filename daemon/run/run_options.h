#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace redactd {

/// Of `redactd run … -- PROGRAM ARGUMENTS`.
struct RunOptions {
  bool merge = false;            // both streams down one pipe, to standard output
  bool terminal = false;         // a pseudo-terminal for the program
  std::vector<std::string> env;  // patterns of variables that hold secrets, besides the usual names
  /// How long to wait, once the program has ended, for what it left running and still writes;
  /// nothing: until it is done, or kLingerAsInit in a container.
  std::optional<std::chrono::milliseconds> linger;
  std::vector<std::string> program;  // and its arguments
};

}  // namespace redactd
