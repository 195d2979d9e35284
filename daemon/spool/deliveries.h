#pragma once

#include <cstdint>
#include <deque>

namespace redactd {

/// Batches of a spool that are on their way to the peer. Pure. They are acknowledged in any order;
/// what counts is the first that is not.
class Deliveries {
 public:
  /// A batch whose first record has this number goes out. Returns the delivery's number.
  uint64_t open(uint64_t first_record) {
    open_.push_back({first_record, false});
    return passed_ + open_.size() - 1;
  }
  void acknowledge(uint64_t delivery) {
    open_[static_cast<size_t>(delivery - passed_)].acknowledged = true;
    while (!open_.empty() && open_.front().acknowledged) {
      open_.pop_front();
      ++passed_;
    }
  }
  /// All records before this one are acknowledged. `next`: what goes out next.
  uint64_t acknowledged_before(uint64_t next) const {
    return open_.empty() ? next : open_.front().first_record;
  }

 private:
  struct Delivery {
    uint64_t first_record;
    bool acknowledged;
  };
  std::deque<Delivery> open_;
  uint64_t passed_ = 0;  // deliveries in front of open_
};

}  // namespace redactd
