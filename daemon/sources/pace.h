#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// A token bucket. Pure: the time is given. What exceeds the rate waits, nothing is lost.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  Pace(const RateLimit& limit, Time now)
      : rate_(static_cast<double>(limit.bytes_per_second)),
        burst_(static_cast<double>(limit.burst)),
        tokens_(burst_),
        last_(now) {}

  bool limited() const { return rate_ > 0; }

  /// How much to read at once, so that what comes out is even: a twentieth of a second's bytes.
  size_t piece(size_t most) const {
    if (!limited()) return most;
    return std::clamp(static_cast<size_t>(rate_ / 20), std::min<size_t>(1024, most), most);
  }

  /// Takes `bytes` from the bucket and tells how long to wait before the next read.
  Duration take(size_t bytes, Time now) {
    double passed = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    tokens_ = std::min(burst_, tokens_ + passed * rate_) - static_cast<double>(bytes);
    if (tokens_ >= 0) return Duration::zero();
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(-tokens_ / rate_));
  }

 private:
  double rate_;
  double burst_;
  double tokens_;
  Time last_;
};

}  // namespace redactd
