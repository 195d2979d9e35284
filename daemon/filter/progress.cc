#include "daemon/filter/progress.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace redactd {
namespace {

constexpr std::chrono::milliseconds kInterval(250);

}  // namespace

Progress::Progress(int descriptor)
    : start_(std::chrono::steady_clock::now()), next_(start_ + kInterval) {
  struct stat input = {};
  if (isatty(STDERR_FILENO) != 0 && fstat(descriptor, &input) == 0 && S_ISREG(input.st_mode)) {
    total_ = static_cast<uint64_t>(input.st_size);
  }
}

void Progress::advance(uint64_t bytes) {
  if (total_ == 0) return;
  seen_ += bytes;
  if (std::chrono::steady_clock::now() >= next_) show();
}

void Progress::show() {
  auto now = std::chrono::steady_clock::now();
  double seconds = std::chrono::duration<double>(now - start_).count();
  std::fprintf(stderr, "\rredactd: %3.0f %%  %.0f MB/s\033[K",
               100.0 * static_cast<double>(std::min(seen_, total_)) / static_cast<double>(total_),
               static_cast<double>(seen_) / 1e6 / seconds);
  next_ = now + kInterval;
  shown_ = true;
}

void Progress::done() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

}  // namespace redactd
