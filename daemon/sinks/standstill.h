#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace redactd {

/// Since when a sink that has something to write has got rid of nothing. A peer whose program hangs
/// stays connected, for its kernel answers in its place; only what does not go tells.
class Standstill {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// To be asked again and again: `queued` bytes wait now, `written` have been ever.
  Time since(uint64_t queued, uint64_t written, Time now) {
    const bool moves = queued == 0 || queued < queued_ || written != written_;
    if (moves || !since_) since_ = now;
    queued_ = queued;
    written_ = written;
    return *since_;
  }

 private:
  uint64_t queued_ = 0;
  uint64_t written_ = 0;
  std::optional<Time> since_;
};

}  // namespace redactd
