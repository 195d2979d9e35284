#pragma once

// How far a followed file has been read, and written by the sinks; kept over restarts in a file.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

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

}  // namespace redactd
