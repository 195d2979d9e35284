#pragma once

// Runs a command for what it puts out: a secrets manager's client.

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "config/units.h"
#include "daemon/known/secret.h"

namespace redactd {

inline constexpr size_t kLargestOutput = 1 << 20;

struct CommandResult {
  Secret output;
  std::string failure;  // why there is none; empty: it ended with exit status 0. Shows no output
};

/// Runs `argv` without a shell, looked up in PATH, in a process group of its own, with this
/// process's environment, nothing on standard input, and standard error thrown away, for it may
/// show what it should not. After `timeout`, after too much output, and when the caller is
/// cancelled, the whole group is killed; what the command left behind is killed when it ends.
boost::asio::awaitable<CommandResult> run_command(std::vector<std::string> argv,
                                                  Milliseconds timeout);

}  // namespace redactd
