#pragma once

// Blocking reads and writes on file descriptors, with their interruptions and ends told apart.

#include <cstddef>
#include <span>
#include <string_view>

namespace redactd {

/// Turns SIGINT and SIGTERM into the end of input. A second signal ends the process at once.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  /// Readable once a signal has come.
  int descriptor() const;
};

enum class ReadEnd { none, end_of_input, stopped, failed };

struct ReadResult {
  size_t size = 0;
  ReadEnd end = ReadEnd::none;
  int error = 0;  // errno when failed
};

/// Waits until `descriptor` has bytes or `stop` or `quit` (-1: nothing) becomes readable, then
/// reads what is there.
ReadResult read_some(int descriptor, int stop, std::span<char> room, int quit = -1);

/// Asks for a larger buffer between the processes of a pipe, so that they wait for each other less
/// often. No harm where it cannot be had or where `descriptor` is no pipe.
void widen_pipe(int descriptor);

/// Bytes that can be read from a pipe, a terminal or a file at once; 0 also where that is unknown.
size_t bytes_waiting(int descriptor);

/// Writes all of `bytes`; returns 0 or errno. EPIPE means that the reader is gone.
int write_all(int descriptor, std::string_view bytes);

}  // namespace redactd
