#pragma once

#include <sys/wait.h>
#include <unistd.h>

namespace redactd::test {

/// Runs `body` in a process of its own, for what cannot be undone; its result is the exit status.
template <typename Body>
int in_child(Body body) {
  pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      status = body();
    } catch (...) {
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace redactd::test
