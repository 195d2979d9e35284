#include "daemon/run/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace redactd {
namespace {

// For the handler of faults.
termios settings_before;
volatile sig_atomic_t to_be_given_back = 0;

void restore_and_die(int number) {
  if (to_be_given_back != 0) tcsetattr(STDIN_FILENO, TCSANOW, &settings_before);
  raise(number);  // the handler is gone by now
}

void restore_on_faults() {
  struct sigaction action = {};
  action.sa_handler = restore_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigaction(number, &action, nullptr);
}

[[noreturn]] void fail() {
  throw std::system_error(errno, std::generic_category(), "cannot open a pseudo-terminal");
}

}  // namespace

bool same_file(int a, int b) {
  struct stat first = {};
  struct stat second = {};
  return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino && first.st_rdev == second.st_rdev;
}

RealTerminal::RealTerminal() {
  exists_ = tcgetattr(STDIN_FILENO, &settings_) == 0;
  shows_output_ = exists_ && same_file(STDIN_FILENO, STDOUT_FILENO);
}

bool RealTerminal::in_foreground() const { return exists_ && tcgetpgrp(STDIN_FILENO) == getpgrp(); }

void RealTerminal::hold() {
  if (held_ || !in_foreground()) return;
  if (tcgetattr(STDIN_FILENO, &settings_) != 0) return;
  settings_before = settings_;
  restore_on_faults();
  termios raw = settings_;
  cfmakeraw(&raw);
  // What the program's terminal does to its output must not be done twice.
  if (!shows_output_) raw.c_oflag = settings_.c_oflag;
  if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) return;
  held_ = true;
  to_be_given_back = 1;
}

void RealTerminal::give_back() {
  if (!held_) return;
  tcsetattr(STDIN_FILENO, TCSANOW, &settings_);
  held_ = false;
  to_be_given_back = 0;
}

PseudoTerminal::PseudoTerminal(const RealTerminal& real) {
  ours_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (ours_ < 0 || grantpt(ours_) != 0 || unlockpt(ours_) != 0) fail();
  std::array<char, 128> path{};
  if (ptsname_r(ours_, path.data(), path.size()) != 0) fail();
  path_ = path.data();
  theirs_ = open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (theirs_ < 0) fail();
  termios settings = real.settings();
  if (!real.exists() && tcgetattr(theirs_, &settings) != 0) fail();
  if (!real.shows_output()) settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  if (tcsetattr(theirs_, TCSANOW, &settings) != 0) fail();
  copy_size();
}

PseudoTerminal::~PseudoTerminal() {
  close_program_side();
  if (ours_ >= 0) close(ours_);
}

void PseudoTerminal::close_program_side() {
  if (theirs_ >= 0) close(theirs_);
  theirs_ = -1;
}

void PseudoTerminal::copy_size() const {
  winsize size = {};
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) continue;
    ioctl(ours_, TIOCSWINSZ, &size);
    return;
  }
}

}  // namespace redactd
