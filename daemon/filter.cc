#include "daemon/filter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <string>

#include "daemon/exit_code.h"
#include "daemon/progress.h"
#include "daemon/stdio.h"

namespace redactd {
namespace {

// One read: large enough that the matcher runs at full speed, small enough to stay in the
// second-level cache.
constexpr size_t kReadBytes = 256 * 1024;

int fail(const char* what, int error) {
  std::cerr << "redactd: " << what << ": " << std::strerror(error) << '\n';
  return kRuntimeError;
}

/// Output appended to the very file that is read would grow for ever.
bool output_is_input() {
  struct stat in = {};
  struct stat out = {};
  if (fstat(STDIN_FILENO, &in) != 0 || fstat(STDOUT_FILENO, &out) != 0) return false;
  return S_ISREG(in.st_mode) && in.st_dev == out.st_dev && in.st_ino == out.st_ino &&
         in.st_size > 0;
}

}  // namespace

void say_that_nothing_is_masked() {
  std::cerr << "redactd: OBSERVING ONLY: nothing is masked, secrets go through in clear\n";
}

bool standard_streams_open() {
  bool open = true;
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    std::cerr << "redactd: standard " << (descriptor == STDIN_FILENO ? "input" : "output")
              << " is closed\n";
    open = false;
  }
  return open;
}

CopyEnd copy_redacted(const Copy& copy, Redactor& redactor, Stats& stats) {
  Progress progress(copy.from);
  CopyEnd end;
  auto put = [&](std::string_view clean) {
    stats.count(clean);
    return copy.observe ? 0 : write_all(copy.to, clean);
  };
  int stop = copy.stop;
  size_t left = SIZE_MAX;  // to read; all there is until the copy is stopped
  while (end.write_error == 0 && left > 0) {
    std::span<char> room = redactor.prepare(kReadBytes).first(kReadBytes);
    ReadResult read = read_some(copy.from, stop, room.first(std::min(left, kReadBytes)));
    if (read.end == ReadEnd::stopped && copy.drains) {
      left = bytes_waiting(copy.from);
      stop = -1;
      continue;
    }
    end.read_error = read.error;
    if (read.end != ReadEnd::none) break;
    if (copy.observe) end.write_error = write_all(copy.to, {room.data(), read.size});
    if (end.write_error == 0) end.write_error = put(redactor.commit(read.size));
    if (end.write_error == 0 && copy.prompts) end.write_error = put(redactor.settle_open());
    if (left != SIZE_MAX) left -= read.size;
    progress.advance(read.size);
  }
  if (end.write_error == 0) end.write_error = put(redactor.finish());
  progress.done();
  return end;
}

int run_filter(std::shared_ptr<const RuleSet> rules, const FilterOptions& options) {
  if (output_is_input()) {
    std::cerr << "redactd: input and output are the same file; write to another one\n";
    return kRuntimeError;
  }
  if (options.observe) say_that_nothing_is_masked();
  StopSignals stop;
  MatchScratch scratch;
  Redactor redactor(std::move(rules), scratch, options.limits);
  Stats stats(options.stats || options.observe);
  Copy copy{STDIN_FILENO, STDOUT_FILENO, stop.descriptor()};
  copy.observe = options.observe;
  copy.prompts = isatty(STDOUT_FILENO) != 0;
  CopyEnd end = copy_redacted(copy, redactor, stats);
  if (end.write_error == EPIPE) return kDone;  // the reader has seen enough
  if (options.stats || options.observe)
    stats.print(redactor.counters(), redactor.rules(), options.observe);
  if (end.write_error != 0) return fail("cannot write to standard output", end.write_error);
  if (end.read_error != 0) return fail("cannot read standard input", end.read_error);
  return kDone;
}

}  // namespace redactd
