#include "daemon/spool/segment_reader.h"

#include <algorithm>

namespace redactd {
namespace {

constexpr size_t kReadBytes = 256 * 1024;

}  // namespace

/// What stands from offset_ on: at least `least` bytes unless the limit comes before.
std::string_view SegmentReader::window(size_t least, uint64_t limit) {
  auto left = static_cast<size_t>(limit - offset_);
  least = std::min(least, left);
  bool within = offset_ >= buffer_at_ && offset_ + least <= buffer_at_ + buffer_.size();
  if (!within) {
    std::string fresh(std::min(std::max(least, kReadBytes), left), '\0');
    size_t size = file_->read(offset_, {fresh.data(), fresh.size()});
    fresh.resize(size);
    buffer_ = std::move(fresh);
    buffer_at_ = offset_;
  }
  std::string_view view = buffer_;
  view.remove_prefix(static_cast<size_t>(offset_ - buffer_at_));
  return view.substr(0, left);
}

std::optional<StoredBatch> SegmentReader::next(uint64_t limit) {
  while (offset_ < limit) {
    ReadBatch read = read_batch(window(kBatchHeaderBytes, limit), salt_);
    if (read.result == ReadBatch::Result::short_ && read.size <= limit - offset_)
      read = read_batch(window(read.size, limit), salt_);
    if (read.result == ReadBatch::Result::whole) {
      offset_ += read.size;
      sound_until_ = offset_;
      return std::move(read.batch);
    }
    // Not by the size that a sound header tells: bytes may be missing behind it.
    if (!step_over(limit)) offset_ = limit;
  }
  return std::nullopt;
}

/// On to what may be the next batch; false if there is none.
bool SegmentReader::step_over(uint64_t limit) {
  size_t from = 1;
  while (offset_ < limit) {
    std::string_view view = window(kBatchHeaderBytes, limit);
    if (view.empty()) return false;  // the file is shorter than it was
    size_t found = find_batch(view, from, salt_);
    if (found == 0) return true;
    if (found != std::string_view::npos) {
      offset_ += found;
      if (view.size() - found >= kBatchHeaderBytes) return true;
      from = limit - offset_ < kBatchHeaderBytes ? 1 : 0;  // cut off: look at it again, whole
    } else {
      offset_ += view.size();
      from = 0;
    }
  }
  return false;
}

}  // namespace redactd
