#pragma once

// Output that is written by a thread of its own while the next batch is scanned.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <string_view>
#include <thread>

#include "daemon/filter/handover.h"

namespace redactd {

/// Writes as write_all() does, in order. Small batches for a reader who keeps up are written at
/// once, without the thread.
class WriteBehind {
 public:
  /// How long the destructor waits for a reader.
  static constexpr std::chrono::seconds kPatience{2};

  /// The descriptor stays the caller's, and open as long as the process.
  WriteBehind(int descriptor, size_t batch_bytes);
  /// Without finish() before, something has failed: what was handed over is written if the reader
  /// takes it within kPatience. One that stalls is left with a part of it, and the thread with its
  /// last write: nothing interrupts that, for a descriptor that others share cannot be made
  /// non-blocking.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// Takes a copy of the bytes, or has written them: so it is unless `behind`, where the thread has
  /// nothing to write. Returns 0, or the errno of a write before; nothing more is written then.
  int write(std::string_view bytes, bool behind = true);
  /// Waits until everything is written. Returns 0 or errno. Nothing may follow.
  int finish();

 private:
  /// Outlives this object where the thread does.
  struct Shared {
    Shared(int to, size_t batch_bytes) : descriptor(to), batches(batch_bytes) {}
    void run();

    const int descriptor;
    Handover batches;
    std::atomic<int> error = 0;
    std::atomic<bool> given_up = false;
    std::promise<void> ended;
  };

  bool has_thread();

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace redactd
