#pragma once

// Reads of a disk, or of a file server, that fail: for as long as a FailingReads lives, those of
// this thread that begin at its place. For one file of a test program.

#include <dlfcn.h>
#include <sys/types.h>

#include <cerrno>
#include <optional>

namespace redactd::test {

class FailingReads {
 public:
  struct Which {
    off_t offset = 0;
    int error = 0;
  };
  explicit FailingReads(Which which) { which_ = which; }
  ~FailingReads() { which_.reset(); }
  FailingReads(const FailingReads&) = delete;

  static int error_at(off_t offset) {
    return which_ && which_->offset == offset ? which_->error : 0;
  }

 private:
  static inline thread_local std::optional<Which> which_;
};

}  // namespace redactd::test

/// In place of the C library's, of which it is the next.
extern "C" ssize_t pread(int descriptor, void* to, size_t size, off_t offset) {
  static const auto next = reinterpret_cast<decltype(&pread)>(dlsym(RTLD_NEXT, "pread"));
  const int error = redactd::test::FailingReads::error_at(offset);
  if (error == 0) return next(descriptor, to, size, offset);
  errno = error;
  return -1;
}
