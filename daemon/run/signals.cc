#include "daemon/run/signals.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace redactd {
namespace {

constexpr std::array kOnlyBlocked = {SIGPIPE, SIGXFSZ, SIGTTOU};

sigset_t taken_over() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT,
                     SIGTSTP, SIGPWR, SIGCHLD})
    sigaddset(&set, number);
  // Some programs are told to end by one of these (STOPSIGNAL of a container).
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&set, number);
  // A reader that is gone and a file that may not grow are errors of write(); the terminal may be
  // set from the background.
  for (int number : kOnlyBlocked) sigaddset(&set, number);
  return set;
}

}  // namespace

RunSignals::RunSignals() {
  // Where the parent ignores it, children vanish without their exit status.
  signal(SIGCHLD, SIG_DFL);
  sigset_t set = taken_over();
  if (sigprocmask(SIG_BLOCK, &set, &inherited_) != 0)
    throw std::system_error(errno, std::generic_category(), "sigprocmask");
  for (int number : kOnlyBlocked) sigdelset(&set, number);
  descriptor_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

std::optional<signalfd_siginfo> RunSignals::next() const {
  signalfd_siginfo signal = {};
  ssize_t size = read(descriptor_, &signal, sizeof signal);
  if (size != static_cast<ssize_t>(sizeof signal)) return std::nullopt;
  return signal;
}

bool comes_from_terminal(const signalfd_siginfo& signal) { return signal.ssi_code == SI_KERNEL; }

void forward(const signalfd_siginfo& signal, pid_t program) {
  if (program <= 0) return;
  if (comes_from_terminal(signal) && getpgid(program) == getpgrp()) return;
  kill(program, static_cast<int>(signal.ssi_signo));
}

void obey(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  signal(number, SIG_DFL);
  raise(number);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace redactd
