#pragma once

// Standard output and files: writing them may block, so it has a thread of its own. A descriptor
// that stalls for ever does not hold up the end of the process: at close()'s deadline the thread is
// left to itself, and touches nothing but its own sink when it wakes.

#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "daemon/sinks/files_in_use.h"
#include "daemon/sinks/outage.h"
#include "daemon/sinks/queue.h"
#include "daemon/sinks/sink.h"

namespace redactd {

/// Thread-safe. Counters are written under its lock. A receipt's destructor runs under the lock
/// too, so it must not call the sink.
class FdSink final : public Sink, public std::enable_shared_from_this<FdSink> {
 public:
  /// Of type `stdout_`: writes to `descriptor`, which it does not close. Of type `file`: opens the
  /// path; throws std::runtime_error if that fails. `home` only runs the deadline's timer.
  static std::shared_ptr<FdSink> start(const SinkConfig& config, int descriptor,
                                       boost::asio::io_context& home, SinkCounters& counters,
                                       SinkOwner owner);
  ~FdSink() override;
  FdSink(const FdSink&) = delete;
  FdSink& operator=(const FdSink&) = delete;

  void push(Batch batch) override;
  void when_room(std::function<void()> wake) override;
  void reopen() override;
  bool keeps_receipts() const override;
  void close(std::chrono::steady_clock::time_point deadline, std::function<void()> done) override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  FdSink(const SinkConfig& config, int descriptor, boost::asio::io_context& home,
         SinkCounters& counters, SinkOwner owner);
  void run();
  bool wait_for_work(Lock& lock);
  void write_some(Lock& lock);
  void written(Lock& lock, size_t bytes);
  void end_half_record(Lock& lock);
  void failed(Lock& lock, int error);
  bool cut_off_half_record() const;
  void begin_record_anew();
  void open_again(Lock& lock);
  void reader_is_gone(Lock& lock);
  void finish(Lock& lock);
  void set_up(bool up);
  void start_deadline(std::chrono::steady_clock::time_point deadline);
  void on_deadline();
  void tell(Lock& lock, SinkEvent::Kind kind, std::string_view reason = {});
  void wake_waiters(Lock& lock, size_t queued);
  void update_queued(size_t before);
  std::string_view endpoint() const;

  SinkCounters& counters_;
  const SinkOwner owner_;
  boost::asio::io_context& home_;
  std::weak_ptr<boost::asio::steady_timer> deadline_;  // home's thread only; its wait owns it

  // The sink's thread only.
  int descriptor_;
  std::optional<FileInUse> file_;    // until the last thing was written
  bool behind_half_record_ = false;  // which a crash has left in the file
  Outage outage_;
  Outage crowded_;
  std::vector<std::string_view> views_;
  std::vector<iovec> vectors_;

  mutable std::mutex mutex_;  // of all below, and of counters_
  std::condition_variable changed_;
  Queue queue_;
  std::vector<std::shared_ptr<void>> left_behind_;  // receipts of what was dropped at the end
  RoomWaiters waiters_;
  bool dropped_ = false;  // records, and the sink's thread has not told it
  bool up_ = false;
  bool reopen_ = false;
  bool gone_ = false;  // nobody reads standard output: everything is dropped
  bool closing_ = false;
  bool finished_ = false;   // the last thing was written
  bool abandoned_ = false;  // the deadline came first
  std::function<void()> done_;
};

}  // namespace redactd
