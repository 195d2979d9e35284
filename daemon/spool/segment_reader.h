#pragma once

// Reads the batches of one segment in order, steps over what is damaged.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/spool/batch_codec.h"
#include "daemon/spool/spool_directory.h"

namespace redactd {

class SegmentReader {
 public:
  /// Begins at `offset`, where a batch begins.
  SegmentReader(std::unique_ptr<SpoolFile> file, uint64_t salt, uint64_t offset = 0)
      : file_(std::move(file)), salt_(salt), offset_(offset) {}

  /// The next sound batch within the first `limit` bytes; nothing behind the last one. Throws
  /// std::system_error, after which it may be called again.
  std::optional<StoredBatch> next(uint64_t limit);
  /// Behind the last batch that came, and what damage was stepped over since.
  uint64_t offset() const { return offset_; }
  /// Behind the last sound batch.
  uint64_t sound_until() const { return sound_until_; }

 private:
  std::string_view window(size_t least, uint64_t limit);
  bool step_over(uint64_t limit);

  std::unique_ptr<SpoolFile> file_;
  const uint64_t salt_;
  uint64_t offset_;
  uint64_t sound_until_ = offset_;
  std::string buffer_;
  uint64_t buffer_at_ = 0;  // where in the file it begins
};

}  // namespace redactd
