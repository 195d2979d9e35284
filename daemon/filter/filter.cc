#include "daemon/filter/filter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "daemon/exit_code.h"
#include "daemon/filter/progress.h"
#include "daemon/filter/read_ahead.h"
#include "daemon/filter/split_stream.h"
#include "daemon/filter/stdio.h"
#include "daemon/filter/write_behind.h"
#include "daemon/process/system_calls.h"
#include "filters/utf16_stream.h"

namespace redactd {
namespace {

// One read: large enough that the matcher runs at full speed, small enough to stay in the
// second-level cache.
constexpr size_t kReadBytes = 256 * 1024;

/// So many bytes are worth waking a thread.
constexpr size_t kMuch = 64 * 1024;

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

/// From where to where a copy goes.
struct Way {
  Way(const Copy& what, Stats& counts)
      : copy(what),
        stats(counts),
        progress(copy.from),
        input(copy.from, copy.stop, copy.drains, kReadBytes),
        output(copy.to, kReadBytes) {}

  /// The first bytes, as many as tell whether they are UTF-16.
  std::string_view begin(std::span<char, 2> mark) {
    size_t size = input.read(mark, false).size;
    if (size == 1 && (mark[0] == '\xff' || mark[0] == '\xfe'))
      size += input.read(mark.subspan(1), false).size;
    return {mark.data(), size};
  }

  /// Returns errno.
  int put(std::string_view clean, bool behind) {
    return copy.observe ? 0 : output.write(clean, behind);
  }
  int put_as_read(std::string_view bytes) { return copy.observe ? output.write(bytes) : 0; }

  const Copy& copy;
  Stats& stats;
  Progress progress;
  ReadAhead input;
  WriteBehind output;
};

CopyEnd copy_text(Way& way, std::string_view begun, Redactor& redactor) {
  const Copy& copy = way.copy;
  SplitStream split(redactor, copy.prompts ? 1 : copy.threads);
  const bool beside = copy.threads > 1;  // on one processor a thread that hands over only costs
  auto put = [&](std::string_view clean) {
    way.stats.count(clean);
    return way.put(clean, beside && !split.busy());
  };
  CopyEnd end;
  while (end.write_error == 0) {
    size_t waiting = way.input.waiting();
    // What is under way goes out before input is waited for.
    if (split.busy() && (split.full() || waiting < kMuch)) {
      end.write_error = put(split.take());
      continue;
    }
    bool more = split.busy() || waiting > 2 * kMuch;
    std::span<char> room = split.prepare(kReadBytes, more).first(kReadBytes);
    std::copy(begun.begin(), begun.end(), room.begin());
    ReadResult read{begun.size()};
    if (begun.empty()) read = way.input.read(room, beside && !split.splits());
    begun = {};
    end.read_error = read.error;
    if (read.end != ReadEnd::none) break;
    end.write_error = way.put_as_read({room.data(), read.size});
    if (end.write_error == 0) end.write_error = put(split.commit(read.size));
    if (end.write_error == 0 && copy.prompts) end.write_error = put(redactor.settle_open());
    way.progress.advance(read.size);
  }
  while (end.write_error == 0 && split.busy()) end.write_error = put(split.take());
  if (end.write_error == 0) end.write_error = put(split.flush());
  if (end.write_error == 0) end.write_error = put(redactor.finish());
  return end;
}

/// Not as fast: nobody has much of it.
CopyEnd copy_utf16(Way& way, std::string_view begun, Redactor& redactor) {
  Utf16Stream stream(redactor, *utf16_order(begun));
  auto put = [&](std::string_view clean) {
    way.stats.count_lines(stream.ended(), stream.in_line());
    return way.put(clean, false);
  };
  WipedBuffer room(kReadBytes);
  ReadResult read{begun.size()};
  std::copy(begun.begin(), begun.end(), room.begin());
  CopyEnd end;
  for (; end.write_error == 0 && read.end == ReadEnd::none; read = way.input.read(room, false)) {
    const std::string_view bytes(room.data(), read.size);
    end.write_error = way.put_as_read(bytes);
    if (end.write_error == 0) end.write_error = put(stream.commit(bytes));
    way.progress.advance(read.size);
  }
  end.read_error = read.error;
  if (end.write_error == 0) end.write_error = put(stream.finish());
  return end;
}

}  // namespace

void say_that_nothing_is_masked() {
  std::cerr << "redactd: OBSERVING ONLY: nothing is masked, secrets go through in clear\n";
}

OpenStreams hold_standard_streams() {
  auto hold = [](int descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0) return true;
    // Takes the lowest number; to write to it fails, but for messages that nobody wants.
    open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    return false;
  };
  OpenStreams streams;
  streams.input = hold(STDIN_FILENO);
  streams.output = hold(STDOUT_FILENO);
  hold(STDERR_FILENO);
  return streams;
}

bool all_there(const OpenStreams& streams, bool input_needed) {
  if (input_needed && !streams.input) std::cerr << "redactd: standard input is closed\n";
  if (!streams.output) std::cerr << "redactd: standard output is closed\n";
  return streams.output && (streams.input || !input_needed);
}

CopyEnd copy_redacted(const Copy& copy, Redactor& redactor, Stats& stats) {
  Way way(copy, stats);
  char mark[2];
  const std::string_view begun = way.begin(mark);
  CopyEnd end =
      utf16_order(begun) ? copy_utf16(way, begun, redactor) : copy_text(way, begun, redactor);
  if (int error = way.output.finish(); end.write_error == 0) end.write_error = error;
  way.progress.done();
  return end;
}

int run_filter(std::shared_ptr<const RuleSet> rules, const FilterOptions& options) {
  if (output_is_input()) {
    std::cerr << "redactd: input and output are the same file; write to another one\n";
    return kRuntimeError;
  }
  if (options.observe) say_that_nothing_is_masked();
  widen_pipe(STDIN_FILENO);
  widen_pipe(STDOUT_FILENO);
  StopSignals stop;
  MatchScratch scratch;
  Redactor redactor(std::move(rules), scratch, options.limits);
  Stats stats(options.stats || options.observe);
  Copy copy{STDIN_FILENO, STDOUT_FILENO, stop.descriptor()};
  copy.observe = options.observe;
  copy.prompts = isatty(STDOUT_FILENO) != 0;
  confine_system_calls(Confinement::filter);  // where the kernel can
  CopyEnd end = copy_redacted(copy, redactor, stats);
  if (end.write_error == EPIPE) return kDone;  // the reader has seen enough
  if (options.stats || options.observe)
    stats.print(redactor.counters(), redactor.rules(), options.observe);
  if (end.write_error != 0) return fail("cannot write to standard output", end.write_error);
  if (end.read_error != 0) return fail("cannot read standard input", end.read_error);
  return kDone;
}

}  // namespace redactd
