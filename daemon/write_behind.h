#pragma once

// Output that is written by a thread of its own while the next batch is scanned.

#include <atomic>
#include <cstddef>
#include <string_view>
#include <thread>

#include "daemon/handover.h"

namespace redactd {

/// Writes as write_all() does, in order. Small batches for a reader who keeps up are written at
/// once, without the thread.
class WriteBehind {
 public:
  /// The descriptor stays the caller's.
  WriteBehind(int descriptor, size_t batch_bytes);
  /// What was handed over is written first.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// Takes a copy of the bytes, or has written them. Returns 0, or the errno of a write before;
  /// nothing more is written then.
  int write(std::string_view bytes);
  /// Waits until everything is written. Returns 0 or errno. Nothing may follow.
  int finish();

 private:
  bool has_thread();
  void run();

  int descriptor_;
  Handover batches_;
  std::atomic<int> error_ = 0;
  std::thread thread_;
};

}  // namespace redactd
