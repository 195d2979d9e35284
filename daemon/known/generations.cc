#include "daemon/known/generations.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace redactd {

uint64_t Generations::take() {
  taken_ = current_;
  return current_;
}

void Generations::made(uint64_t generation) {
  made_ = std::max(made_, generation);
  answer(generation, Until::made, Outcome::masked);
}

void Generations::in_force(uint64_t generation) {
  settled_ = std::max(settled_, generation);
  in_force_ = std::max(in_force_, generation);
  made_ = std::max(made_, in_force_);
  answer(generation, Until::in_force, Outcome::masked);
}

void Generations::failed(uint64_t generation) {
  settled_ = std::max(settled_, generation);
  answer(generation, Until::in_force, Outcome::failed);
}

/// Of those who wait for this generation or an earlier one, who has waited long enough now. Taken
/// out before they are called, for they may ask again.
void Generations::answer(uint64_t generation, Until reached, Outcome outcome) {
  std::list<Waiter> ready;
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    auto next = std::next(waiter);
    if (waiter->generation <= generation && waiter->until <= reached)
      ready.splice(ready.end(), waiters_, waiter);
    waiter = next;
  }
  for (Waiter& waiter : ready) waiter.done(outcome);
}

void Generations::when_current(Until until, Done done) {
  if (stopped_) return done(Outcome::failed);
  if ((until == Until::made ? made_ : in_force_) >= current_) return done(Outcome::masked);
  waiters_.push_back({current_, until, std::move(done)});
}

void Generations::stop() {
  stopped_ = true;
  std::list<Waiter> waiters;
  waiters.swap(waiters_);
  for (Waiter& waiter : waiters) waiter.done(Outcome::failed);
}

}  // namespace redactd
