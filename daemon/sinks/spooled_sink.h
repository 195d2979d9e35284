#pragma once

// A sink with a disk buffer in front of it. A thread of its own takes what is pushed, writes it to
// the spool, and passes it on to the sink behind as long as that has room: from memory while
// nothing waits, else from the disk. Nothing here waits on a worker's thread.
//
//     push ─→ incoming ─→ spool ─→ sink behind ─→ peer
//               │            └ the disk, up to max_size     └ acknowledges: segments go
//               └ receipts are let go of once the spool has the batch, as fsync says
//
// While the spool cannot take anything (it is full, or the disk fails) batches stay in memory, up
// to queue_bytes; then sources wait.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <vector>

#include "daemon/sinks/outage.h"
#include "daemon/sinks/queue.h"
#include "daemon/sinks/sink.h"
#include "daemon/sinks/stream_sink.h"
#include "daemon/spool/deliveries.h"
#include "daemon/spool/place_in_line.h"
#include "daemon/spool/spool.h"

namespace redactd {

/// Thread-safe. The counters of the spool are written by its thread, those of the sink behind by
/// that one.
class SpooledSink final : public Sink, public std::enable_shared_from_this<SpooledSink> {
 public:
  /// Throws std::runtime_error if the directory cannot be used, or the sink behind not be made. A
  /// directory that other sinks of this process are about to leave is waited for.
  static std::shared_ptr<SpooledSink> start(const SinkConfig& config, boost::asio::io_context& home,
                                            SinkCounters& counters, SinkOwner owner);

  void push(Batch batch) override;
  void when_room(std::function<void()> wake) override;
  void reopen() override { behind_->reopen(); }
  /// What the peer does not take until then stays in the spool, and is not lost.
  bool keeps_receipts() const override { return any_kept(left_behind_); }
  void close(std::chrono::steady_clock::time_point deadline, std::function<void()> done) override;

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;
  class Delivery;

  SpooledSink(const SinkConfig& config, boost::asio::io_context& home, SinkCounters& counters,
              SinkOwner owner, std::unique_ptr<PlaceInLine> place);
  void run();
  bool wait_for_directory();
  bool take_directory();
  void opened(std::unique_ptr<Spool> spool);
  bool drained() const;
  void wait_for_work();
  Clock::time_point next_time() const;

  // Each touches the disk, and sees to its errors.
  void store();
  void read_on();
  void keep_position();

  template <typename Act>
  bool tried(Act act);
  bool store_first();
  void sync_when_due();
  void release_receipts();
  void ask_for_room();
  void deliver(std::shared_ptr<const Encoded> encoded, uint64_t stream, Clock::time_point received,
               uint64_t first_record);
  void acknowledged(uint64_t delivery);
  void take_acknowledged();
  void pushed_less(size_t bytes);
  void note_full(bool full);
  void note_disk(const std::system_error* error);
  void note_figures();
  void close_behind();
  void end();
  void tell(SinkEvent::Kind kind, std::string_view reason = {});

  SinkCounters& counters_;
  const SinkOwner owner_;
  const std::shared_ptr<StreamSink> behind_;

  // Of the spool's thread.
  std::unique_ptr<PlaceInLine> place_;
  std::unique_ptr<Spool> spool_;  // null while the directory is waited for
  Deliveries deliveries_;
  std::deque<Batch> pending_;  // taken from incoming_, not yet in the spool
  struct Held {
    uint64_t before;  // its records' numbers are less
    std::shared_ptr<void> receipt;
  };
  std::deque<Held> held_;
  std::optional<Clock::time_point> sync_due_;
  std::optional<Clock::time_point> position_due_;
  std::optional<Clock::time_point> retry_at_;       // the disk failed
  std::optional<Clock::time_point> read_retry_at_;  // reading it did
  int failed_reads_ = 0;                            // in a row
  bool leaving_ = false;                            // closing_, as of wait_for_work()
  Outage failing_;
  Outage crowded_;
  std::vector<std::shared_ptr<void>> left_behind_;  // receipts of what was dropped at the end

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::vector<Batch> incoming_;
  std::vector<uint64_t> acknowledged_;
  RoomWaiters waiters_;
  bool asked_for_room_ = false;  // of the sink behind, which has not answered yet
  bool woken_ = true;            // there may be records of before
  bool closing_ = false;
  Clock::time_point deadline_;
  bool behind_closed_ = false;
  std::function<void()> done_;
};

}  // namespace redactd
