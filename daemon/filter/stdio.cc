#include "daemon/filter/stdio.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "daemon/exit_code.h"

namespace redactd {
namespace {

/// Measured: 64 KiB, the system's own, makes each process wait for the other; more than this leaves
/// the second-level cache.
constexpr int kPipeBytes = 512 * 1024;

std::array<int, 2> signal_pipe = {-1, -1};
volatile sig_atomic_t signals_seen = 0;

void on_signal(int number) {
  if (signals_seen > 0) _exit(128 + number);  // asked twice: do not wait for a stalled reader
  signals_seen = 1;
  int saved = errno;
  const char byte = 1;
  if (write(signal_pipe[1], &byte, 1) < 0) _exit(kRuntimeError);
  errno = saved;
}

}  // namespace

StopSignals::StopSignals() {
  if (pipe2(signal_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (int number : {SIGINT, SIGTERM}) {
    // Ignored at start stays ignored: (trap '' TERM; exec redactd) reads on to the end of the
    // input.
    struct sigaction inherited = {};
    if (sigaction(number, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN) continue;
    sigaction(number, &action, nullptr);
  }
}

int StopSignals::descriptor() const { return signal_pipe[0]; }

ReadResult read_some(int descriptor, int stop, std::span<char> room, int quit) {
  while (true) {
    std::array<pollfd, 3> waiting = {pollfd{descriptor, POLLIN, 0}, pollfd{stop, POLLIN, 0},
                                     pollfd{quit, POLLIN, 0}};
    if (poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return {0, ReadEnd::failed, errno};
    }
    if (waiting[1].revents != 0 || waiting[2].revents != 0) return {0, ReadEnd::stopped, 0};
    ssize_t size = read(descriptor, room.data(), room.size());
    if (size > 0) return {static_cast<size_t>(size), ReadEnd::none, 0};
    if (size == 0) return {0, ReadEnd::end_of_input, 0};
    if (errno != EINTR && errno != EAGAIN) return {0, ReadEnd::failed, errno};
  }
}

void widen_pipe(int descriptor) {
  int size = fcntl(descriptor, F_GETPIPE_SZ);
  if (size >= 0 && size < kPipeBytes) fcntl(descriptor, F_SETPIPE_SZ, kPipeBytes);
}

size_t bytes_waiting(int descriptor) {
  int bytes = 0;
  return ioctl(descriptor, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t size = write(descriptor, bytes.data(), bytes.size());
    if (size >= 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
    } else if (errno == EAGAIN) {
      pollfd waiting{descriptor, POLLOUT, 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace redactd
