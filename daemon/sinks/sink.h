#pragma once

// Where redacted records go: a bounded queue and whatever empties it. A sink lives on one thread
// (a worker's, or its own where writing blocks); push() and full() are called from any.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/daemon_config.h"
#include "daemon/framing/encoding.h"

namespace redactd {

/// Records of one stream on their way to one sink. Copies share the bytes.
struct Batch {
  std::shared_ptr<const Encoded> encoded;
  uint64_t stream = 0;  // batches of one stream stay in order
  std::chrono::steady_clock::time_point received = {};
  /// Kept until the batch has been written (or dropped by policy) by every sink: a source that
  /// keeps a position, or owes an acknowledgement, waits for its destruction. May be null.
  std::shared_ptr<void> receipt;
  /// Not null: a self-check. The sink does not write the batch; it calls this with the bytes that
  /// it would have written.
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

 protected:
  explicit Sink(SinkConfig config)
      : config_(std::move(config)), encoding_{config_.framing, resolve_wrap(config_.wrap)} {}

  const SinkConfig config_;
  const Encoding encoding_;
  std::atomic<size_t> queued_{0};  // bytes pushed and not yet written
};

}  // namespace redactd
