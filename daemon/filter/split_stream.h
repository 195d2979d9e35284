#pragma once

// One stream, redacted on several processors while input waits.

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "daemon/pipeline/part_redactor.h"

namespace redactd {

/// Processors that this process may run on, of which a stream uses so many at most.
inline constexpr size_t kMostScanners = 4;
size_t usable_processors();

/// A redactor that threads help. What comes out is what the redactor alone would put out: batches
/// are cut at the ends of records, before a private key rather than within it. Each is redacted as
/// if no key were open before it, and one before which a key is open is redacted again, in its
/// turn, up to where that makes no difference any more: a key in `password:` is open for a line.
/// The threads begin with the first batch behind which more input waits; without such batches there
/// are none.
///
/// Belongs to one thread. An error in another one is thrown where its batch would have come out.
class SplitStream {
 public:
  /// `redactor` stays the caller's: it redacts what is not split and has all counters in the end.
  /// With less than two `threads` nothing is split.
  SplitStream(Redactor& redactor, size_t threads);
  /// Batches under way are dropped.
  ~SplitStream();
  SplitStream(const SplitStream&) = delete;

  /// Whether batches are under way. They come out by take(), all of them before anything that is
  /// committed without `more`.
  bool busy() const { return taken_ < begun_; }
  /// Whether the next prepare() has to wait for a take(), whatever waits.
  bool full() const;

  /// Room for at least `size` bytes, valid until commit(). `more`: other input waits behind these.
  std::span<char> prepare(size_t size, bool more);
  /// Whether another thread will redact what comes into the room.
  bool splits() const { return split_; }
  /// Takes the first `size` bytes of the room and returns what can go out at once: nothing, where
  /// another thread redacts them. Views and errors as with Redactor::commit().
  std::string_view commit(size_t size);
  /// The oldest batch under way, redacted; waits for it.
  std::string_view take();
  /// What is held back of an unfinished record goes to the redactor, when nothing is under way. To
  /// be called before its finish().
  std::string_view flush();

 private:
  struct Slot : PartRedactor {
    using PartRedactor::PartRedactor;
    size_t size = 0;
    std::string_view view;
    std::exception_ptr error;
    bool done = false;
  };

  Slot& slot(size_t batch) { return *slots_[batch % slots_.size()]; }
  bool can_split() const;
  void start();
  void begin(size_t size);
  void scan();
  std::string_view redact_again(Slot& batch, StreamState state);

  Redactor& redactor_;
  size_t threads_wanted_;  // 0: nothing is split
  std::vector<std::unique_ptr<Slot>> slots_;
  std::span<char> room_;  // from prepare() to commit(); rest_ stands at its beginning
  WipedBuffer rest_;      // behind the last complete record
  bool more_ = false;
  bool split_ = false;  // room_ is a slot's
  std::unique_ptr<PartRedactor> without_key_;
  std::string joined_;

  std::mutex mutex_;
  std::condition_variable begun_or_closed_;
  std::condition_variable oldest_done_;
  // Batches, counted. taken_ <= claimed_ <= begun_; the latter two and Slot::done under mutex_.
  size_t begun_ = 0;
  size_t claimed_ = 0;  // by a thread
  size_t taken_ = 0;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace redactd
