#pragma once

// Input that is read by a thread of its own while the batch before is scanned.

#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>

#include "daemon/filter/handover.h"
#include "daemon/filter/stdio.h"

namespace redactd {

/// Reads as read_some() does. The thread begins with the first read that shows that the input is
/// as fast as we are; until then, and for input that comes line by line, reads are direct.
class ReadAhead {
 public:
  /// Reading ends once `stop` (-1: nothing) is readable; with `drains` what was there already when
  /// it was stopped is read first. The descriptors stay the caller's.
  ReadAhead(int descriptor, int stop, bool drains, size_t batch_bytes);
  /// Ends the thread, even while it waits for input; what it had read is dropped.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next bytes; `room` holds a batch at least. With `ahead` the thread may begin. After an end
  /// every call returns that end.
  ReadResult read(std::span<char> room, bool ahead = true);
  /// Bytes that can be read without waiting; 0 also where that is not known.
  size_t waiting();

 private:
  void start();
  void run();
  ReadResult read_here(std::span<char> room);

  int descriptor_;
  int stop_;
  bool drains_;
  size_t left_ = SIZE_MAX;  // to read; all there is until stopped
  Handover batches_;
  int quit_ = -1;  // an event that ends the thread
  std::thread thread_;
  ReadResult end_;  // the thread's last, readable once it has closed batches_
};

}  // namespace redactd
