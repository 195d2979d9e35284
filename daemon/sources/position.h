#pragma once

// How far a followed file has been read, and written by the sinks; kept over restarts in a file.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

namespace redactd {

/// The first bytes of a file, as a hash: tells files apart whose device and inode are the same.
struct Fingerprint {
  static constexpr size_t kBytes = 1024;  // at most so many are looked at

  size_t bytes = 0;
  std::array<uint8_t, 16> hash = {};  // the first half of SHA-256

  bool operator==(const Fingerprint&) const = default;
};
Fingerprint fingerprint_of(std::span<const char> first_bytes);

struct Position {
  std::string path;  // where the file stood when it was opened, symbolic links resolved
  uint64_t device = 0;
  uint64_t inode = 0;
  Fingerprint fingerprint;
  uint64_t offset = 0;       // every record before it has been written; none begins before it and
                             // ends behind it
  uint64_t replay_from = 0;  // ≤ offset: what lies between has left a block open (a private key)
  int64_t newest = 0;  // birth of the newest rotated file beside it when it was opened; nanoseconds
  int64_t written = 0;  // its last write when all of it had been read; nanoseconds

  bool operator==(const Position&) const = default;
};

/// JSON, mode 0600, replaced as a whole. Not thread-safe.
class PositionFile {
 public:
  explicit PositionFile(std::string path) : path_(std::move(path)) {}

  /// A file that redactd has written and that no longer says where it was, after a fault of the
  /// disk or from a later version, is renamed to NAME.damaged, in place of an earlier one. Returns
  /// that name; empty if there was nothing to do. What somebody else has written stays where it is,
  /// and load() refuses it. Throws std::runtime_error.
  std::string set_aside_if_damaged() const;
  /// Nothing if there is no such file. Throws std::runtime_error if it cannot be read or is none of
  /// redactd's.
  std::optional<Position> load() const;
  /// On the disk when it returns. Throws std::runtime_error.
  void save(const Position& position) const;
  /// Throws std::runtime_error if save() would.
  void check_writable() const;

 private:
  const std::string path_;
};

/// The positions of many files in one, by the paths they are followed at. As a PositionFile.
class PositionTable {
 public:
  using Positions = std::map<std::string, Position>;
  explicit PositionTable(std::string path) : path_(std::move(path)) {}

  std::string set_aside_if_damaged() const;
  Positions load() const;
  void save(const Positions& positions) const;
  void check_writable() const;

 private:
  const std::string path_;
};

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
