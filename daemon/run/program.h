#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace redactd {

/// What the program is started with.
struct ProgramSetup {
  int output = -1;       // becomes its standard output; -1: the terminal
  int error = -1;        // its standard error; -1: the same as its output
  std::string terminal;  // path of its controlling terminal; empty: that of this process
  bool input_from_terminal = false;  // else it inherits standard input
  sigset_t signals = {};             // its signal mask
};

/// 0, or errno. Looks the program up in PATH; a text file without #! is run by sh, as by a shell.
/// It inherits environment, limits and those files that are not closed on exec.
int start_program(const std::vector<std::string>& argv, const ProgramSetup& setup, pid_t& pid);

/// What a shell makes of it: 127 not found, 126 found and not to be run.
int status_of_start_error(int error);

/// What a shell makes of a status of waitpid(): the exit status, or 128 + the signal.
int shell_status(int wait_status);

}  // namespace redactd
