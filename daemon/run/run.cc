#include "daemon/run/run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/descriptor.h"
#include "daemon/exit_code.h"
#include "daemon/process/system_calls.h"
#include "daemon/run/keyboard.h"
#include "daemon/run/output.h"
#include "daemon/run/program.h"
#include "daemon/run/signals.h"
#include "daemon/run/terminal.h"

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLingerAsInit(1);
constexpr std::chrono::seconds kPatience(3);  // before it says what it is waiting for

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    checked(pipe2(ends.data(), O_CLOEXEC), "pipe2");
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
  }
  Descriptor read;
  Descriptor write;
};

/// The program and all that belongs to it. Everything happens on the main thread but the copying.
class Run {
 public:
  Run(std::shared_ptr<const RuleSet> rules, const FilterOptions& filter, const RunOptions& options)
      : rules_(std::move(rules)),
        filter_(filter),
        options_(options),
        stop_(checked(eventfd(0, EFD_CLOEXEC), "eventfd")),
        done_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {}

  ~Run() { eventfd_write(stop_.get(), 1); }
  Run(const Run&) = delete;

  int run();

 private:
  int start();
  void start_output(const char* name, int from, int to);
  void wait();
  int time_to_wait() const;
  void handle_signals();
  void handle(const signalfd_siginfo& signal);
  void suspend(const signalfd_siginfo& signal);
  void take_terminal_again();
  void reap();
  void close_ended_outputs();
  void program_ended(int status);
  void look_at_clock();
  bool outputs_ended() const;
  bool held_open() const;
  int finish();
  int status() const;

  std::shared_ptr<const RuleSet> rules_;
  const FilterOptions& filter_;
  const RunOptions& options_;
  RunSignals signals_;
  Descriptor stop_;  // raised: the copies end
  Descriptor done_;  // raised by a copy that has ended
  RealTerminal real_;
  std::optional<PseudoTerminal> terminal_;
  std::optional<Keyboard> keyboard_;
  std::optional<Pipe> output_;
  std::optional<Pipe> error_;
  std::vector<std::unique_ptr<Output>> outputs_;
  pid_t program_ = 0;  // 0: it has ended
  int wait_status_ = 0;
  bool interrupted_ = false;  // by Ctrl-C
  bool stopping_ = false;
  std::optional<Clock::time_point> give_up_;  // on what the program left running
  std::optional<Clock::time_point> complain_;
};

int Run::run() {
  if (int status = start(); status != 0) return status;
  confine_system_calls(Confinement::runner);  // where the kernel can; the program is free
  while (program_ != 0 || !outputs_ended()) wait();
  return finish();
}

/// 0, or the exit status when the program cannot be started. The way out is there before it.
int Run::start() {
  ProgramSetup setup;
  setup.signals = signals_.inherited();
  if (options_.terminal) {
    terminal_.emplace(real_);
    setup.terminal = terminal_->path();
    setup.input_from_terminal = real_.exists();
    if (real_.exists()) keyboard_.emplace(terminal_->descriptor());
    start_output("standard output", terminal_->descriptor(), STDOUT_FILENO);
  } else {
    output_.emplace();
    setup.output = output_->write.get();
    start_output("standard output", output_->read.get(), STDOUT_FILENO);
  }
  // On a terminal both are one, unless they lead to different places.
  bool one = options_.terminal && same_file(STDOUT_FILENO, STDERR_FILENO);
  if (!one && !options_.merge) {
    error_.emplace();
    setup.error = error_->write.get();
    start_output("standard error", error_->read.get(), STDERR_FILENO);
  }
  if (terminal_) real_.hold();
  int error = start_program(options_.program, setup, program_);
  if (terminal_) terminal_->close_program_side();
  if (output_) output_->write.reset();
  if (error_) error_->write.reset();
  if (error == 0) return 0;
  real_.give_back();
  bool looked_up = error == ENOENT && options_.program[0].find('/') == std::string::npos;
  std::cerr << "redactd: " << options_.program[0] << ": "
            << (looked_up ? "command not found" : std::strerror(error)) << '\n';
  return status_of_start_error(error);
}

void Run::start_output(const char* name, int from, int to) {
  bool prompts = options_.terminal || isatty(to) != 0;
  outputs_.push_back(
      std::make_unique<Output>(name, Copy{from, to, stop_.get(), true, filter_.observe, prompts},
                               done_.get(), rules_, filter_));
}

/// Waits for whatever comes next, and does what it asks for.
void Run::wait() {
  bool keys = keyboard_ && terminal_ && real_.held() && program_ != 0;
  std::array<pollfd, 4> waiting = {
      pollfd{signals_.descriptor(), POLLIN, 0}, pollfd{done_.get(), POLLIN, 0},
      pollfd{keys && keyboard_->wants_input() ? STDIN_FILENO : -1, POLLIN, 0},
      pollfd{keys && keyboard_->wants_output() ? terminal_->descriptor() : -1, POLLOUT, 0}};
  if (poll(waiting.data(), waiting.size(), time_to_wait()) < 0 && errno != EINTR)
    checked(-1, "poll");
  if (waiting[2].revents != 0) keyboard_->read();
  if (waiting[3].revents != 0) keyboard_->write();
  if (waiting[1].revents != 0) close_ended_outputs();
  if (waiting[0].revents != 0) handle_signals();
  look_at_clock();
}

int Run::time_to_wait() const {
  std::optional<Clock::time_point> next = give_up_;
  if (complain_ && (!next || *complain_ < *next)) next = complain_;
  if (!next) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000));
}

void Run::handle_signals() {
  while (std::optional<signalfd_siginfo> signal = signals_.next()) handle(*signal);
}

void Run::handle(const signalfd_siginfo& signal) {
  switch (static_cast<int>(signal.ssi_signo)) {
    case SIGCHLD:
      return reap();
    case SIGWINCH:
      if (terminal_) terminal_->copy_size();
      break;
    case SIGTSTP:
      return suspend(signal);
    case SIGCONT:
      take_terminal_again();
      break;
    case SIGINT:
      interrupted_ = interrupted_ || comes_from_terminal(signal);
      [[fallthrough]];
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
      // Nobody is left to tell: the wait for what the program left running ends. Asked once more
      // it does not wait for a reader that stalls either.
      if (program_ == 0) {
        if (stopping_) {
          real_.give_back();
          _exit(status());
        }
        give_up_ = Clock::now();
      }
      break;
    default:
      break;
  }
  forward(signal, program_);
}

void Run::suspend(const signalfd_siginfo& signal) {
  forward(signal, program_);
  real_.give_back();
  obey(SIGTSTP);  // until SIGCONT
  take_terminal_again();
}

/// The shell has had it meanwhile.
void Run::take_terminal_again() {
  if (!terminal_ || !real_.in_foreground()) return;
  real_.give_back();
  real_.hold();
  terminal_->copy_size();
}

void Run::reap() {
  int status = 0;
  for (;;) {
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid == program_) program_ended(status);
  }
}

void Run::program_ended(int status) {
  program_ = 0;
  wait_status_ = status;
  std::optional<std::chrono::milliseconds> linger = options_.linger;
  if (!linger && getpid() == 1) linger = kLingerAsInit;
  if (linger) {
    give_up_ = Clock::now() + *linger;
  } else {
    complain_ = Clock::now() + kPatience;
  }
}

void Run::look_at_clock() {
  Clock::time_point now = Clock::now();
  if (give_up_ && *give_up_ <= now) {
    give_up_.reset();
    complain_.reset();
    stopping_ = true;
    eventfd_write(stop_.get(), 1);
  }
  if (complain_ && *complain_ <= now) {
    complain_.reset();
    if (held_open())
      std::cerr << "redactd: the program has ended (status " << shell_status(wait_status_)
                << "); something that it left running still holds its output. Waiting; Ctrl-C "
                   "ends that, --linger does in time\n";
  }
}

bool Run::outputs_ended() const {
  return std::all_of(outputs_.begin(), outputs_.end(),
                     [](const auto& output) { return output->ended(); });
}

/// Whether something is left that can still write; else only a reader is slow.
bool Run::held_open() const {
  return std::any_of(outputs_.begin(), outputs_.end(), [](const auto& output) {
    pollfd source{output->source(), 0, 0};
    return !output->ended() && poll(&source, 1, 0) == 0;
  });
}

/// So that what writes there learns that its reader is gone.
void Run::close_ended_outputs() {
  eventfd_t count = 0;
  eventfd_read(done_.get(), &count);
  for (const std::unique_ptr<Output>& output : outputs_) {
    if (!output->ended()) continue;
    if (terminal_ && output->source() == terminal_->descriptor()) terminal_.reset();
    if (output_ && output->source() == output_->read.get()) output_->read.reset();
    if (error_ && output->source() == error_->read.get()) error_->read.reset();
  }
}

int Run::status() const { return shell_status(wait_status_); }

int Run::finish() {
  RedactorCounters counters;
  Stats stats(filter_.stats || filter_.observe);
  bool succeeded = true;
  for (const std::unique_ptr<Output>& output : outputs_) {
    output->join();
    succeeded = succeeded && output->succeeded();
    stats.add(output->stats());
    counters.add(output->redactor().counters());
  }
  real_.give_back();
  if (filter_.stats || filter_.observe) stats.print(counters, *rules_, filter_.observe);
  if (!succeeded) return kRuntimeError;
  // A shell in a loop goes by how its child ended, not by a status.
  if (WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGINT && interrupted_ &&
      getpid() != 1)
    obey(SIGINT);
  return status();
}

}  // namespace

int run_program(const std::shared_ptr<const RuleSet>& rules, const FilterOptions& filter,
                const RunOptions& options) {
  if (filter.observe) say_that_nothing_is_masked();
  return Run(rules, filter, options).run();
}

}  // namespace redactd
