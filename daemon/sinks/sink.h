#pragma once

// Where redacted records go: a bounded queue and whatever empties it. A sink lives on one thread
// (a worker's, or its own where writing blocks); push() and full() are called from any.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/framing/encoding.h"
#include "daemon/metrics/metrics.h"

namespace boost::asio {
class io_context;
}

namespace redactd {

/// Records of one stream on their way to one sink. Copies share the bytes.
struct Batch {
  std::shared_ptr<const Encoded> encoded;
  uint64_t stream = 0;  // batches of one stream stay in order
  std::chrono::steady_clock::time_point received = {};
  /// Kept until the batch has been written (or dropped by policy) by every sink: a source that
  /// keeps a position, or owes an acknowledgement, waits for its destruction. What is dropped at
  /// the end because it could not be written keeps it until the sink itself is gone, which outlives
  /// the sources. May be null.
  std::shared_ptr<void> receipt;
  /// Not null: a self-check. The sink does not write the batch; on the thread that takes it over it
  /// calls this with the bytes that it would have written, whether or not it is connected.
  std::shared_ptr<const std::function<void(std::string_view)>> canary;

  size_t size() const { return encoded->bytes.size(); }
};

class Sink {
 public:
  virtual ~Sink() = default;

  const SinkConfig& config() const { return config_; }
  const Encoding& encoding() const { return encoding_; }

  /// Takes the batch; with `block` also beyond the queue's bound, which the caller has looked at
  /// with full() before it read (so the excess is at most one batch a worker and TLS stream).
  virtual void push(Batch batch) = 0;

  /// Whether sources have to wait: the queue is at its bound and the policy is `block`.
  bool full() const {
    return config_.when_full == SinkConfig::WhenFull::block &&
           queued_.load(std::memory_order_relaxed) >= config_.queue_bytes;
  }

  /// `wake` is called once, on any thread, as soon as there is room again (at once if there is).
  virtual void when_room(std::function<void()> wake) = 0;

  /// Reopens what has a path (SIGHUP).
  virtual void reopen() {}

  /// No more pushes come. Writes what is queued, then calls `done` on any thread; after `deadline`
  /// what is left is dropped and counted.
  virtual void close(std::chrono::steady_clock::time_point deadline,
                     std::function<void()> done) = 0;
  /// Once close() is done: whether it dropped records then, and keeps their receipts. It must not
  /// be gone before the sources are, who would take them for delivered.
  virtual bool keeps_receipts() const { return false; }

 protected:
  explicit Sink(SinkConfig config)
      : config_(std::move(config)), encoding_{config_.framing, resolve_wrap(config_.wrap)} {}

  static bool any_kept(const std::vector<std::shared_ptr<void>>& receipts) {
    return std::any_of(receipts.begin(), receipts.end(), [](const auto& each) { return each; });
  }

  const SinkConfig config_;
  const Encoding encoding_;
  std::atomic<size_t> queued_{0};  // bytes pushed and not yet written
};

/// What happened to a sink, for redactd's log. The views live as long as the call.
struct SinkEvent {
  enum class Kind : uint8_t {
    connected,            // info
    disconnected,         // warning: the connection was lost
    connect_failed,       // warning: once an endpoint and outage, then once a minute
    returned,             // info: back at the first endpoint
    unverified,           // warning: the peer's certificate is not looked at
    record_too_long,      // warning: a record that no datagram can hold was dropped
    write_failed,         // error: once an outage, then once a minute
    write_recovered,      // info
    reopened,             // info: a file
    reopen_failed,        // error: the old one is used on
    certificates_read,    // info: again
    certificates_failed,  // error: the old ones are used on
    queue_drops,          // warning: records are dropped, as when_full says; once a minute
    dropped_at_exit,      // error: records were left at the deadline
    // Of a spool; `endpoint` is its directory.
    spool_replays,  // info: records of an earlier process are in it; `reason`: how many
    spool_keeps,    // info: at the sink's end records are in it; `reason`: how many
    spool_torn,     // warning: the end of a write that a crash broke off was cut off
    spool_damaged,  // error: records could not be read and are lost; `reason`: how many, or of what
    spool_full,     // warning: its records wait; once a minute
    spool_drops,    // error: the oldest records are dropped; once a minute
    spool_failed,   // error: once an outage, then once a minute
    spool_recovered,  // info
  };
  Kind kind;
  std::string_view endpoint;  // URL or path as the configuration has it
  std::string_view reason;    // the system's or the TLS library's words; may be empty
};
/// `connected` …
std::string_view to_string(SinkEvent::Kind kind);

/// Called on the sink's thread.
struct SinkOwner {
  std::function<void(const SinkEvent&)> log;
  std::function<void()> reader_gone;  // nobody reads standard output any more
};

/// `home` is where a sink that connects runs, and must be run by one thread; `counters` must
/// outlive it. Throws std::runtime_error if the file cannot be opened or the certificates cannot be
/// used. The sink lives until close() is done, or `home` is gone, whatever the owner does with the
/// pointer: also one that is not wanted after all has to be closed.
std::shared_ptr<Sink> make_sink(const SinkConfig& config, boost::asio::io_context& home,
                                SinkCounters& counters, SinkOwner owner);

}  // namespace redactd
