#pragma once

// Batches of bytes on their way from one thread to another, in order.

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
#include <string_view>

#include "filters/wiping_allocator.h"

namespace redactd {

/// One thread fills, one thread empties; at most kBatches lie between them. The buffers are
/// overwritten when they are given back.
class Handover {
 public:
  static constexpr size_t kBatches = 3;

  explicit Handover(size_t batch_bytes) : batch_bytes_(batch_bytes) {}

  /// Room for a batch, once there is some; empty after close(). The filling thread's, until
  /// filled().
  std::span<char> room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || filled_ < kBatches; });
    if (closed_) return {};
    Batch& batch = batches_[next_fill_];
    if (batch.bytes.empty()) batch.bytes.resize(batch_bytes_);
    return batch.bytes;
  }

  /// The room's first `size` bytes are a batch.
  void filled(size_t size) {
    std::lock_guard lock(mutex_);
    batches_[next_fill_].size = size;
    next_fill_ = (next_fill_ + 1) % kBatches;
    ++filled_;
    waiting_ += size;
    changed_.notify_all();
  }

  /// The oldest batch, once there is one; empty after close(), when no batch is left. The
  /// emptying thread's, until emptied().
  std::string_view oldest() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || filled_ > 0; });
    if (filled_ == 0) return {};
    return {next_to_empty().bytes.data(), next_to_empty().size};
  }

  void emptied() {
    std::lock_guard lock(mutex_);
    waiting_ -= next_to_empty().size;
    --filled_;
    changed_.notify_all();
  }

  /// Either thread may close; what was filled before can still be emptied.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  /// Bytes in the batches that are not emptied yet.
  size_t waiting() {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  struct Batch {
    WipedBuffer bytes;
    size_t size = 0;
  };

  const Batch& next_to_empty() const {
    return batches_[(next_fill_ + kBatches - filled_) % kBatches];
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Batch, kBatches> batches_;
  size_t batch_bytes_;
  size_t next_fill_ = 0;
  size_t filled_ = 0;
  size_t waiting_ = 0;
  bool closed_ = false;
};

}  // namespace redactd
