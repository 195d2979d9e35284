#include "daemon/sinks/queue.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace redactd {
namespace {

/// How many of the batch's records end within its first `bytes` bytes.
size_t whole_records(const Batch& batch, size_t bytes) {
  const std::vector<uint32_t>& ends = batch.encoded->ends;
  return static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), bytes) - ends.begin());
}

/// Where the record begins that holds the byte at `offset`.
size_t record_start(const Batch& batch, size_t offset) {
  size_t whole = whole_records(batch, offset);
  return whole == 0 ? 0 : batch.encoded->ends[whole - 1];
}

}  // namespace

Queue::Dropped Queue::push(Batch batch) {
  Dropped dropped;
  if (full() && when_full_ == SinkConfig::WhenFull::drop_newest && batch.size() > 0) {
    dropped.newest = batch.encoded->ends.size();
    return dropped;
  }
  if (batch.size() == 0 && batches_.empty()) return dropped;
  queued_ += batch.size();
  batches_.push_back(std::move(batch));
  if (when_full_ == SinkConfig::WhenFull::drop_oldest) dropped.oldest = drop_oldest();
  pass_finished();
  return dropped;
}

/// Drops until the queue would have taken its last batch within the bound.
uint64_t Queue::drop_oldest() {
  uint64_t records = 0;
  size_t first = cursor_ + std::max<size_t>(lent_, offset_ > 0 ? 1 : 0);
  while (queued_ - batches_.back().size() >= bound_ && first + 1 < batches_.size()) {
    records += batches_[first].encoded->ends.size();
    queued_ -= batches_[first].size();
    batches_.erase(batches_.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return records;
}

size_t Queue::begun() const {
  return offset_ == 0 ? 0 : offset_ - record_start(batches_[cursor_], offset_);
}

void Queue::gather(size_t max_bytes, size_t max_views, std::vector<std::string_view>& to) {
  to.clear();
  lent_ = 0;
  size_t bytes = 0;
  for (size_t i = cursor_; i < batches_.size() && to.size() < max_views; ++i) {
    std::string_view view = batches_[i].encoded->bytes;
    if (i == cursor_) view.remove_prefix(offset_);
    if (!to.empty() && bytes + view.size() > max_bytes) break;
    if (!view.empty()) to.push_back(view);
    bytes += view.size();
    ++lent_;
  }
}

std::string_view Queue::next_record() {
  if (queued_ == 0) return {};
  const Encoded& encoded = *batches_[cursor_].encoded;
  size_t end = encoded.ends[whole_records(batches_[cursor_], offset_)];
  lent_ = 1;
  return std::string_view(encoded.bytes).substr(offset_, end - offset_);
}

std::span<const Queue::Finished> Queue::sent(size_t bytes) {
  assert(bytes <= queued_);
  finished_.clear();
  lent_ = 0;
  queued_ -= bytes;
  held_ += bytes;
  offset_ += bytes;
  pass_finished();
  return finished_;
}

/// Moves the cursor past batches that are sent whole (an empty one is as soon as it is reached).
void Queue::pass_finished() {
  while (cursor_ < batches_.size() && offset_ >= batches_[cursor_].size()) {
    const Batch& batch = batches_[cursor_];
    offset_ -= batch.size();
    finished_.push_back({batch.received, batch.encoded->ends.size()});
    ++cursor_;
    if (lent_ > 0) --lent_;
  }
}

Queue::Released Queue::release(size_t unacknowledged) {
  Released released;
  while (cursor_ > 0 && held_ - batches_.front().size() >= unacknowledged) {
    const Batch& batch = batches_.front();
    ++released.batches;
    released.records += batch.encoded->ends.size();
    released.bytes += batch.size();
    held_ -= batch.size();
    batches_.pop_front();
    --cursor_;
  }
  return released;
}

/// Behind the last record that arrived whole.
Queue::Place Queue::after_last_arrived(size_t unacknowledged) const {
  Place place;
  size_t arrived = held_ - std::min(unacknowledged, held_);
  while (place.batch < cursor_ && arrived >= batches_[place.batch].size()) {
    arrived -= batches_[place.batch++].size();
  }
  if (place.batch < batches_.size()) place.offset = record_start(batches_[place.batch], arrived);
  return place;
}

void Queue::rewind(size_t unacknowledged) {
  Place place = after_last_arrived(unacknowledged);
  lent_ = 0;
  queued_ += held_;
  held_ = place.offset;
  for (size_t i = 0; i < place.batch; ++i) held_ += batches_[i].size();
  queued_ -= held_;
  cursor_ = place.batch;
  offset_ = place.offset;
}

Queue::Left Queue::left(size_t unacknowledged) const {
  Place place = after_last_arrived(unacknowledged);
  Left left;
  for (size_t i = 0; i < batches_.size(); ++i) {
    size_t records = batches_[i].encoded->ends.size();
    size_t bytes = i < place.batch ? batches_[i].size() : i == place.batch ? place.offset : 0;
    size_t arrived = whole_records(batches_[i], bytes);
    left.arrived.batches += arrived == records ? 1 : 0;
    left.arrived.records += arrived;
    left.arrived.bytes += bytes;
    left.records += records - arrived;
  }
  return left;
}

void Queue::abandon(std::vector<std::shared_ptr<void>>& receipts) {
  for (Batch& batch : batches_) receipts.push_back(std::move(batch.receipt));
  batches_.clear();
  cursor_ = offset_ = lent_ = queued_ = held_ = 0;
}

std::vector<RoomWaiters::Wake> RoomWaiters::take(size_t queued) {
  if (waiting_.empty() || queued > low_water_) return {};
  return std::exchange(waiting_, {});
}

}  // namespace redactd
