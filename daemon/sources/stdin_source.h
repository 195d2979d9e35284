#pragma once

// Standard input: a pipe, a socket, a terminal, a file. It ends, and with it the source: once the
// sinks have written all of it, SourceSetup::ended is called.

#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "daemon/pipeline/stream.h"
#include "daemon/pipeline/worker.h"
#include "daemon/sources/room_wait.h"
#include "daemon/sources/source.h"

namespace redactd {

/// Goes with every batch as its receipt: when the last one is gone, everything has been written.
/// Thread-safe.
class EndNotice {
 public:
  explicit EndNotice(std::function<void()> ended) : ended_(std::move(ended)) {}
  ~EndNotice();
  EndNotice(const EndNotice&) = delete;

  /// The input has ended; without this nothing is said.
  void arm();
  void disarm();

 private:
  std::mutex mutex_;
  const std::function<void()> ended_;
  bool armed_ = false;
};

/// Keeps itself alive until the input ends or it is stopped. All of it runs on its worker's thread.
///
/// The descriptor is never made non-blocking: that would be so for every process that shares it,
/// such as the shell behind the terminal. It is read when it is readable, which an epoll instance
/// of its own says.
class StdinSession : public Session, public std::enable_shared_from_this<StdinSession> {
 public:
  /// Reads `descriptor`, which it does not close.
  StdinSession(std::shared_ptr<SourceSetup> setup, Worker& worker, int descriptor,
               std::shared_ptr<EndNotice> notice);
  ~StdinSession() override;

  void start();
  void tick(std::chrono::steady_clock::time_point now) override;
  void adopt() override;
  void stop() override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  static Awaitable<void> run(std::shared_ptr<StdinSession> self);
  Awaitable<void> read();
  bool take_read();
  bool readable() const;

  const std::shared_ptr<SourceSetup> setup_;
  Worker& worker_;
  SourceCounters& counters_;
  const uint64_t number_;
  const int descriptor_;
  std::shared_ptr<EndNotice> notice_;
  asio::posix::basic_stream_descriptor<IoExecutor> ready_;  // closed: always, as files are
  std::optional<Stream> stream_;
  RoomWait room_;
  Time last_read_ = {};
  bool stopped_ = false;
};

class StdinSource : public Source {
 public:
  /// `descriptor` is another one in tests.
  explicit StdinSource(SourceSetup setup, int descriptor = 0);
  ~StdinSource() override;

  void open() override;
  void start() override;
  /// The session is stopped by its worker.
  void stop() override {}

 private:
  const std::shared_ptr<SourceSetup> setup_;
  const int descriptor_;
  std::weak_ptr<EndNotice> notice_;
};

}  // namespace redactd
