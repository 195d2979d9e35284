#pragma once

// A thread with what belongs to it alone: its event loop, the matcher's scratch, a buffer to read
// into, its streams. None of these is locked; others reach it by posting to its loop. What adopt()
// asks for has a lock, for a worker that waits outside of its loop takes it too.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "daemon/await.h"
#include "daemon/log.h"
#include "daemon/metrics/metrics.h"
#include "daemon/pipeline/generation.h"
#include "daemon/pipeline/stream.h"
#include "filters/wiping_allocator.h"

namespace redactd {

namespace asio = boost::asio;

/// A source's stream with the descriptor that feeds it, as its worker sees it. Lives on the
/// worker's thread.
class Session {
 public:
  virtual ~Session() = default;
  /// About once a second: give back memory.
  virtual void tick(std::chrono::steady_clock::time_point now) = 0;
  /// As often, or more often where a time-out is short: end what has taken too long.
  virtual void end_late(std::chrono::steady_clock::time_point) {}
  /// The worker has another configuration. A session that is fed now and then adopts it here, so
  /// that the old one can go.
  virtual void adopt() = 0;
  /// Read no more: put out what is held and end.
  virtual void stop() = 0;
  /// A sink has gone with records that nobody will get: their receipts stay for good.
  virtual void records_dropped() {}
};

class Worker {
 public:
  /// One read: large enough that the matcher runs at full speed, small enough to stay in the cache.
  static constexpr size_t kReadBytes = 128 * 1024;
  /// One that others help with, which have to be woken for it.
  static constexpr size_t kSharedReadBytes = 1024 * 1024;

  /// `looks`: how often a second sessions are asked for what has taken too long.
  Worker(size_t number, WorkerCounters& counters, Log& log, int looks = 1);
  ~Worker();

  // Of any thread.
  asio::io_context& context() { return context_; }
  size_t number() const { return number_; }
  void start(std::shared_ptr<const Generation> generation);
  /// Asks for the change; `done` is called on the worker's thread as soon as it is in force there.
  void adopt(std::shared_ptr<const Generation> generation, std::function<void()> done);
  /// For all sessions, soon.
  void tell_records_dropped();
  /// Stops all sessions; `done` is called on the worker's thread when the last one has ended.
  void stop_sessions(std::function<void()> done);
  /// Ends the thread, whatever still waits, and lets go of the generation.
  void join();

  /// With whom large reads are redacted together. Before start().
  ScanShare& share() { return share_; }

  // Of the worker's thread.
  /// Does at once what adopt() has asked for. For who makes the thread wait for a configuration.
  void adopt_now();
  const std::shared_ptr<const Generation>& generation() const { return generation_; }
  StreamThread stream_thread() { return {number_, scratch_, buffers_, counters_, &share_}; }
  WorkerCounters& counters() { return counters_; }
  Log& log() { return log_; }
  /// How much to read at once.
  size_t read_bytes() const { return share_.helped() ? kSharedReadBytes : kReadBytes; }
  /// Bytes to read into and hand to a stream before the next co_await: all streams share them.
  std::span<char> read_buffer() { return read_buffer_; }
  /// Makes the session known until retire(); returns its number, which no other stream has.
  uint64_t enlist(Session& session);
  void retire(uint64_t number);
  bool stopping() const { return stopping_; }

 private:
  struct Adopting {
    std::shared_ptr<const Generation> generation;
    std::function<void()> done;
  };

  Awaitable<void> keep_time();
  Awaitable<void> each_session(std::function<void(Session&)> act);

  const size_t number_;
  WorkerCounters& counters_;
  Log& log_;
  const int looks_;
  MatchScratch scratch_;
  StreamBuffers buffers_;  // of the streams
  WipedBuffer read_buffer_;
  std::shared_ptr<const Generation> generation_;
  std::mutex adopting_mutex_;
  std::vector<Adopting> adopting_;
  std::map<uint64_t, Session*> sessions_;
  uint64_t next_number_;
  bool stopping_ = false;
  std::function<void()> all_ended_;
  ScanShare share_{context_};
  asio::io_context context_{1};  // goes first: what still waits in it refers to the rest
  asio::executor_work_guard<IoExecutor> busy_;
  std::thread thread_;
};

}  // namespace redactd
