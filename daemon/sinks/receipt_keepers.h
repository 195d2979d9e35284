#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "daemon/sinks/sink.h"

namespace redactd {

/// Sinks that a reload has ended before they had written everything, kept for the receipts of what
/// they dropped (Sink::keeps_receipts()): its sources have to send it again. Thread-safe.
class ReceiptKeepers {
 public:
  void add(std::shared_ptr<Sink> sink) {
    std::lock_guard lock(mutex_);
    sinks_.push_back(std::move(sink));
  }
  /// Once the sources are gone.
  void clear() {
    std::vector<std::shared_ptr<Sink>> sinks;
    std::lock_guard lock(mutex_);
    sinks.swap(sinks_);
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Sink>> sinks_;
};

}  // namespace redactd
