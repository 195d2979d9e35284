#pragma once

#include <chrono>
#include <optional>

namespace redactd {

/// An outage is told when it begins and then once a minute, not at every attempt.
class Outage {
 public:
  using Clock = std::chrono::steady_clock;

  /// It goes on; whether to say so.
  bool worth_telling(Clock::time_point now) {
    if (told_ && now - *told_ < std::chrono::minutes(1)) return false;
    told_ = now;
    return true;
  }
  /// It is over; whether it had begun.
  bool end() {
    bool was = told_.has_value();
    told_.reset();
    return was;
  }

 private:
  std::optional<Clock::time_point> told_;
};

}  // namespace redactd
