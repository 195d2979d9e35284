#pragma once

#include <chrono>
#include <cstdint>

namespace redactd {

/// How far a file has been read, on stderr; silent unless stderr is a terminal and `descriptor` is
/// a file.
class Progress {
 public:
  explicit Progress(int descriptor);
  void advance(uint64_t bytes);
  /// Clears the line.
  void done();

 private:
  void show();

  uint64_t total_ = 0;  // 0: silent
  uint64_t seen_ = 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace redactd
