#pragma once

// Which set of known values is made, and which is in force. Pure.

#include <cstdint>
#include <list>

#include "daemon/known/known_values.h"

namespace redactd {

/// Belongs to the control thread. The values that there are now have a number, which grows with
/// every change; the server takes them, and tells of their number when their rule set is made, when
/// it is in force, or that it failed.
class Generations {
 public:
  using Outcome = KnownValues::Outcome;
  using Done = KnownValues::Done;
  /// How far a rule set with the value has to have come before whoever asked for it hears of it.
  enum class Until { made, in_force };

  uint64_t current() const { return current_; }
  /// Other values from now on.
  void change() { ++current_; }
  /// The current values are with the server now.
  uint64_t take();
  /// Whether the server has the current values, or has yet to answer for those that it took.
  bool nothing_to_take() const { return current_ == taken_ || taken_ > settled_; }

  void made(uint64_t generation);
  void in_force(uint64_t generation);
  void failed(uint64_t generation);
  bool is_in_force(uint64_t generation) const { return in_force_ >= generation; }

  /// `done` is called once the current values have come so far, at once if they have.
  void when_current(Until until, Done done);
  /// Whoever waits hears that it failed, now and from now on.
  void stop();

 private:
  struct Waiter {
    uint64_t generation = 0;
    Until until = Until::in_force;
    Done done;
  };
  void answer(uint64_t generation, Until reached, Outcome outcome);

  bool stopped_ = false;
  uint64_t current_ = 1;
  uint64_t taken_ = 0;
  uint64_t settled_ = 0;  // in force or failed
  uint64_t made_ = 0;
  uint64_t in_force_ = 0;
  std::list<Waiter> waiters_;
};

}  // namespace redactd
