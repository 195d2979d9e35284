#pragma once

// Signals for a program that runs under this one.

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <optional>

namespace redactd {

/// Takes over the signals that are meant for the program: they no longer act on this process and on
/// threads started later, but are read here. One object a process; it lives until the process ends.
class RunSignals {
 public:
  /// Throws std::system_error.
  RunSignals();
  RunSignals(const RunSignals&) = delete;

  /// Readable when a signal has come.
  int descriptor() const { return descriptor_; }
  std::optional<signalfd_siginfo> next() const;
  /// The mask that this process was started with; the program gets it too.
  const sigset_t& inherited() const { return inherited_; }

 private:
  int descriptor_ = -1;
  sigset_t inherited_ = {};
};

/// Whether the signal came from the terminal, whose whole foreground group got it.
bool comes_from_terminal(const signalfd_siginfo& signal);

/// Passes the signal on to `program`, unless it comes from the terminal and the program got it too.
void forward(const signalfd_siginfo& signal, pid_t program);

/// Acts as if `number` had not been taken over: stops this process, or ends it.
void obey(int number);

}  // namespace redactd
