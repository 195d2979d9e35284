#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "daemon/sources/position.h"

namespace redactd {

/// Which position has been written by the sinks. A checkpoint goes with the batch as its receipt;
/// its position counts once it and all that were opened before it are gone. Thread-safe, and never
/// waits but for a short lock.
class Checkpoints : public std::enable_shared_from_this<Checkpoints> {
 public:
  class Checkpoint {
   public:
    Checkpoint(std::shared_ptr<Checkpoints> owner, uint64_t number)
        : owner_(std::move(owner)), number_(number) {}
    ~Checkpoint() { owner_->written(*this); }
    Checkpoint(const Checkpoint&) = delete;

    /// Set by the reader while it holds the checkpoint. Without one, when reading failed, neither
    /// this nor a later checkpoint counts.
    std::optional<Position> position;

   private:
    friend class Checkpoints;
    const std::shared_ptr<Checkpoints> owner_;
    const uint64_t number_;
  };

  std::shared_ptr<Checkpoint> open();
  /// The newest position that counts, if it is another than the last time.
  std::optional<Position> take_written();
  /// What the sinks let go of from now on they have not written.
  void close();

 private:
  void written(Checkpoint& checkpoint);

  std::mutex mutex_;
  std::deque<std::optional<Position>> open_;  // from first_ on; a value: written, not yet its turn
  uint64_t first_ = 0;
  std::optional<Position> written_;
  bool closed_ = false;
};

}  // namespace redactd
