#pragma once

// The bounded queue of one sink, or of one lane of it. Pure: no I/O, no clock, no lock. It belongs
// to one thread, or to whoever holds its owner's lock.
//
//     | sent, not acknowledged |  unsent  |
//     front                 cursor       back
//
// Bytes that the kernel has taken are kept until the peer's kernel has them too, for a lost
// connection takes with it what stands in the socket. rewind() then goes back to the first record
// that did not arrive whole, so that a receiver never sees the second half of a record behind
// something else.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/sinks/sink.h"

namespace redactd {

class Queue {
 public:
  /// `bound`: of the unsent bytes. What is sent and not acknowledged comes on top; the socket's
  /// send buffer bounds it.
  Queue(size_t bound, SinkConfig::WhenFull when_full) : bound_(bound), when_full_(when_full) {}

  /// In records.
  struct Dropped {
    uint64_t newest = 0;
    uint64_t oldest = 0;
    bool any() const { return newest + oldest > 0; }
  };
  /// An empty batch waits for those before it, for it may have a receipt. Takes the batch unless
  /// the queue is full and drops; `block` always takes it. Bytes that gather() has lent out are
  /// never dropped, nor is the rest of a batch of which some was sent: drop_oldest then goes over
  /// the bound by that much.
  Dropped push(Batch batch);

  /// Unsent bytes.
  size_t queued() const { return queued_; }
  /// Bytes sent and not acknowledged, as far as their batches are still here.
  size_t unacknowledged() const { return held_; }
  /// Bytes that are sent of the record in which the cursor stands.
  size_t begun() const;
  bool at_record_start() const { return begun() == 0; }

  /// Puts the next unsent bytes into `to`, at most `max_bytes` (but at least one batch's rest) in
  /// at most `max_views` views, which live until sent() or rewind(). `to` is emptied first.
  void gather(size_t max_bytes, size_t max_views, std::vector<std::string_view>& to);
  /// The rest of the next unsent record; empty if there is none. Lives as gather()'s views do.
  std::string_view next_record();

  /// Batches of which the last byte has been sent.
  struct Finished {
    std::chrono::steady_clock::time_point received;
    uint64_t records;
  };
  /// `bytes` of what gather() lent were taken. The result lives until the next call.
  std::span<const Finished> sent(size_t bytes);

  struct Released {
    uint64_t batches = 0;
    uint64_t records = 0;
    uint64_t bytes = 0;
  };
  /// All but the last `unacknowledged` bytes sent have arrived: lets go of the batches among them.
  Released release(size_t unacknowledged);

  /// The connection is lost, and of what was sent all but the last `unacknowledged` bytes arrived.
  /// Takes back the lent views; the next gather() begins with the first record that has not arrived
  /// whole.
  void rewind(size_t unacknowledged);

  struct Left {
    Released arrived;      // of batches that are still here; of the last one maybe a part
    uint64_t records = 0;  // that have not arrived whole
  };
  /// What would become of the records if the connection were lost now for good.
  Left left(size_t unacknowledged) const;
  /// Empties the queue for good. What is in it has not been written: its receipts go to `receipts`.
  void abandon(std::vector<std::shared_ptr<void>>& receipts);

 private:
  bool full() const { return queued_ >= bound_; }
  uint64_t drop_oldest();
  void pass_finished();
  struct Place {
    size_t batch = 0;
    size_t offset = 0;
  };
  Place after_last_arrived(size_t unacknowledged) const;

  const size_t bound_;
  const SinkConfig::WhenFull when_full_;
  std::deque<Batch> batches_;
  size_t cursor_ = 0;  // index of the batch with the next unsent byte
  size_t offset_ = 0;  // bytes of it that are sent
  size_t lent_ = 0;    // batches from the cursor on that gather() gave out
  size_t queued_ = 0;
  size_t held_ = 0;  // bytes before the cursor
  std::vector<Finished> finished_;
};

/// Those who wait for room. Belongs to the queue's thread or lock.
class RoomWaiters {
 public:
  using Wake = std::function<void()>;

  explicit RoomWaiters(size_t bound) : low_water_(bound / 2) {}
  void add(Wake wake) { waiting_.push_back(std::move(wake)); }
  /// Those to call now: all of them once no more than half of the bound is queued.
  std::vector<Wake> take(size_t queued);

 private:
  const size_t low_water_;
  std::vector<Wake> waiting_;
};

}  // namespace redactd
