#pragma once

// A sink that connects: TCP, TLS, Unix sockets. It deals batches out to its lanes.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/sinks/lane.h"
#include "daemon/sinks/queue.h"
#include "daemon/sinks/sink.h"

namespace redactd {

/// Lives on `home`'s thread; what is called from elsewhere is posted there.
class StreamSink final : public Sink, public std::enable_shared_from_this<StreamSink> {
 public:
  /// Throws std::runtime_error if a certificate cannot be used or a socket's path is too long.
  static std::shared_ptr<StreamSink> start(const SinkConfig& config, boost::asio::io_context& home,
                                           SinkCounters& counters, SinkOwner owner);

  void push(Batch batch) override;
  void when_room(std::function<void()> wake) override;
  /// Reads the certificates again, for the connections to come.
  void reopen() override;
  bool keeps_receipts() const override { return any_kept(context_.left_behind); }
  void close(std::chrono::steady_clock::time_point deadline, std::function<void()> done) override;

 private:
  StreamSink(const SinkConfig& config, boost::asio::io_context& home, SinkCounters& counters,
             SinkOwner owner);
  void start_lanes();
  void accept(Batch batch);
  void queued_changed(size_t before, size_t now);
  void start_closing(std::chrono::steady_clock::time_point deadline, std::function<void()> done);
  void lane_ended();
  void tell(SinkEvent::Kind kind, std::string_view reason);

  boost::asio::io_context& home_;
  const SinkOwner owner_;
  LaneContext context_;
  RoomWaiters waiters_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  size_t running_ = 0;               // lanes; none are left once all have ended
  std::unique_ptr<Timer> deadline_;  // while it closes
  std::function<void()> done_;
};

}  // namespace redactd
