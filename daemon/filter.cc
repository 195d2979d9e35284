#include "daemon/filter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <string>

#include "daemon/exit_code.h"
#include "daemon/progress.h"
#include "daemon/stats.h"
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

int run_filter(std::shared_ptr<const RuleSet> rules, const FilterOptions& options) {
  if (output_is_input()) {
    std::cerr << "redactd: input and output are the same file; write to another one\n";
    return kRuntimeError;
  }
  if (options.observe)
    std::cerr << "redactd: OBSERVING ONLY: nothing is masked, secrets go through in clear\n";
  StopSignals stop;
  MatchScratch scratch;
  Redactor redactor(std::move(rules), scratch, options.limits);
  Progress progress(STDIN_FILENO);
  Stats stats(options.stats || options.observe);

  auto put = [&](std::string_view clean) {
    stats.count(clean);
    return options.observe ? 0 : write_all(STDOUT_FILENO, clean);
  };
  int error = 0;
  ReadResult read;
  while (error == 0 && read.end == ReadEnd::none) {
    std::span<char> room = redactor.prepare(kReadBytes).first(kReadBytes);
    read = read_some(STDIN_FILENO, stop, room);
    if (read.end != ReadEnd::none) break;
    if (options.observe) error = write_all(STDOUT_FILENO, {room.data(), read.size});
    if (error == 0) error = put(redactor.commit(read.size));
    progress.advance(read.size);
  }
  if (error == 0) error = put(redactor.finish());
  progress.done();
  if (error == EPIPE) return kDone;  // the reader has seen enough
  if (options.stats || options.observe) stats.print(redactor, options.observe);
  if (error != 0) return fail("cannot write to standard output", error);
  if (read.end == ReadEnd::failed) return fail("cannot read standard input", read.error);
  return kDone;
}

}  // namespace redactd
