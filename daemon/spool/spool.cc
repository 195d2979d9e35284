#include "daemon/spool/spool.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <random>
#include <system_error>
#include <tuple>
#include <utility>

namespace redactd {
namespace {

constexpr std::string_view kSuffix = ".segment";
constexpr size_t kHexDigits = 16;

std::string hex(uint64_t number) {
  std::string text(kHexDigits, '0');
  for (size_t i = kHexDigits; i > 0; --i, number >>= 4)
    text[i - 1] = "0123456789abcdef"[number & 15];
  return text;
}

/// Nothing when they are not sixteen hexadecimal digits.
std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// FIRST-SALT.segment
std::string segment_name(uint64_t first, uint64_t salt) {
  return hex(first) + '-' + hex(salt) + std::string(kSuffix);
}

uint64_t random_number() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Spool::Spool(std::unique_ptr<SpoolDirectory> directory, const SpoolConfig& config)
    : directory_(std::move(directory)),
      config_(config),
      saved_position_(*directory_, has(directory_->names(), SpoolPosition::kName)) {
  position_ = next_record_ = saved_position_.record();
  const uint64_t first = list_segments(directory_->names());
  if (!segments_.empty()) cut_torn_tail(last());
  for (const Segment& segment : segments_) {
    next_record_ = std::max(next_record_, segment.end);
    bytes_ += segment.size;
  }
  cursor_ = position_;
  if (!segments_.empty()) position_ = cursor_ = std::max(cursor_, first);
  remove_acknowledged();
  replayed_before_ = safe_before_ = next_record_;
}

/// Returns the first record that a name tells of.
uint64_t Spool::list_segments(const std::vector<std::string>& names) {
  uint64_t earliest = std::numeric_limits<uint64_t>::max();
  for (const std::string& name : names) {
    std::string_view text = name;
    if (text.size() != 2 * kHexDigits + 1 + kSuffix.size() || !text.ends_with(kSuffix) ||
        text[kHexDigits] != '-')
      continue;
    auto first = parse_hex(text.substr(0, kHexDigits));
    auto salt = parse_hex(text.substr(kHexDigits + 1, kHexDigits));
    if (!first || !salt) continue;
    earliest = std::min(earliest, *first);
    if (!directory_->is_file(name)) {
      no_files_.push_back(name);
      continue;
    }
    Segment segment{name, *salt, *first, *first, directory_->open(name)->size()};
    segment.synced = segment.size;
    segments_.push_back(segment);
  }
  std::sort(segments_.begin(), segments_.end(), [](const Segment& a, const Segment& b) {
    return std::tie(a.first, a.name) < std::tie(b.first, b.name);
  });
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    segments_[i].end = segments_[i + 1].first;
    // Two begin with the same record where one was given up and could not be removed.
    uint64_t ignored = 0;
    if (segments_[i].end == segments_[i].first) scan(segments_[i], ignored);
  }
  return earliest;
}

/// Finds out where the segment's records end, and where its last sound batch does. False when the
/// disk does not give back what stands behind that.
bool Spool::scan(Segment& segment, uint64_t& sound) {
  SegmentReader reader(directory_->open(segment.name), segment.salt);
  try {
    while (auto batch = reader.next(segment.size))
      segment.end = std::max(segment.end, batch->end());
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::io_error) throw;
    sound = reader.sound_until();
    return false;
  }
  sound = reader.sound_until();
  return true;
}

/// What cannot be read is not cut off: somebody else may be able to.
void Spool::cut_torn_tail(Segment& last) {
  uint64_t sound = 0;
  const bool readable = scan(last, sound);
  torn_bytes_ = last.size - sound;
  if (torn_bytes_ > 0 && readable) {
    std::unique_ptr<SpoolFile> file = directory_->open(last.name);
    file->truncate(sound);
    file->sync();
  }
  last.size = last.synced = sound;
  if (last.size > 0) return;
  if (readable) directory_->remove(last.name);
  segments_.pop_back();
}

// ---- in

bool Spool::make_room(size_t bytes) {
  while (bytes_ > 0 && bytes_ + bytes > config_.max_size) {
    size_t before = segments_.size();
    remove_acknowledged(true);
    if (segments_.size() < before) continue;
    if (config_.when_full == SpoolConfig::WhenFull::block) return false;
    drop_oldest();
  }
  return true;
}

void Spool::append(std::shared_ptr<const Encoded> encoded, uint64_t stream, Framing framing) {
  Unsynced batch{std::move(encoded), stream, framing, next_record_};
  size_t bytes = stored_size(*batch.encoded);
  need_segment(bytes);
  try {
    write(last(), batch);
  } catch (const std::system_error&) {
    give_up_writing(false);
    throw;
  }
  next_record_ = last().end;
  if (config_.fsync == SpoolConfig::Fsync::never) {
    safe_before_ = next_record_;
  } else {
    unsynced_.push_back(std::move(batch));
    unsynced_bytes_ += bytes;
  }
}

void Spool::sync() {
  if (config_.fsync == SpoolConfig::Fsync::never) return;
  if (rewrite_) need_segment(0);
  if (!writing_ || last().synced == last().size) return;
  try {
    sync_last();
  } catch (const std::system_error&) {
    give_up_writing(true);
    throw;
  }
}

void Spool::sync_last() {
  if (!name_synced_) directory_->sync();
  name_synced_ = true;
  writing_->sync();
  last().synced = last().size;
  unsynced_.clear();
  unsynced_bytes_ = 0;
  safe_before_ = next_record_;
}

/// Where `bytes` more can be written. What has to be written again stands in it.
void Spool::need_segment(size_t bytes) {
  if (writing_ && last().size > 0 && last().size + bytes > config_.segment_size) seal();
  if (writing_) return;
  begin_segment(rewrite_ ? unsynced_.front().first : next_record_);
  if (!rewrite_) return;
  try {
    for (const Unsynced& batch : unsynced_) write(last(), batch);
  } catch (const std::system_error&) {
    give_up_writing(true);
    throw;
  }
  rewrite_ = false;
}

void Spool::begin_segment(uint64_t first) {
  Segment segment;
  segment.salt = random_number();
  segment.first = segment.end = first;
  segment.name = segment_name(first, segment.salt);
  segment.ours = true;
  writing_ = directory_->create(segment.name);
  name_synced_ = false;
  segments_.push_back(std::move(segment));
}

void Spool::write(Segment& segment, const Unsynced& batch) {
  std::string head =
      encode_batch_head(batch.first, batch.stream, batch.framing, *batch.encoded, segment.salt);
  std::array<std::string_view, 2> parts = {head, batch.encoded->bytes};
  writing_->write(segment.size, parts);
  size_t bytes = stored_size(*batch.encoded);
  segment.size += bytes;
  segment.end = batch.first + batch.encoded->ends.size();
  bytes_ += bytes;
}

/// The next write begins a new segment.
void Spool::seal() {
  sync();
  writing_.reset();
}

/// `sync_failed`: what is not synced may be lost, whatever the system says from now on.
void Spool::give_up_writing(bool sync_failed) {
  Segment& segment = last();
  if (sync_failed || !keep_written(segment)) keep_synced(segment);
  writing_.reset();
  if (segment.size > 0) return;
  try {
    directory_->remove(segment.name);
  } catch (const std::system_error&) {  // then it stays, and a restart finds records twice
  }
  if (reading_ == segment.name) reader_.reset();
  segments_.pop_back();
}

/// Without the batch that was not written whole. False: it has to be asked what was synced.
bool Spool::keep_written(const Segment& segment) {
  const bool never = config_.fsync == SpoolConfig::Fsync::never;
  try {
    writing_->truncate(segment.size);
    if (!never && segment.synced < segment.size) sync_last();
  } catch (const std::system_error&) {
    return never;
  }
  return true;
}

void Spool::keep_synced(Segment& segment) {
  try {
    writing_->truncate(segment.synced);
  } catch (const std::system_error&) {  // then a restart finds records twice
  }
  bytes_ -= segment.size - segment.synced;
  segment.size = segment.synced;
  rewrite_ = !unsynced_.empty();
  segment.end = rewrite_ ? unsynced_.front().first : next_record_;
}

void Spool::drop_oldest() {
  if (segments_.size() == 1 && writing_) seal();
  const Segment& oldest = segments_.front();
  uint64_t lost = oldest.end - std::min(oldest.end, std::max(cursor_, oldest.first));
  uint64_t end = oldest.end;
  remove_front();
  dropped_records_ += lost;
  cursor_ = std::max(cursor_, end);
}

void Spool::remove_front() {
  const Segment& front = segments_.front();
  directory_->remove(front.name);
  if (reading_ == front.name) reader_.reset();
  bytes_ -= front.size;
  segments_.pop_front();
}

// ---- out

std::optional<StoredBatch> Spool::read() {
  while (!all_read() && (reader_ || open_reader())) {
    auto segment = std::find_if(segments_.begin(), segments_.end(),
                                [this](const Segment& each) { return each.name == reading_; });
    if (auto batch = read_segment(*segment)) return batch;
    bool is_last = &*segment == &last();
    if (is_last && rewrite_) return std::nullopt;  // the rest is in memory, and will be written
    pass_segment(*segment);
    if (is_last && all_read()) {  // what is written to it from now on is read on from here
      expected_ = cursor_;
      break;
    }
    reader_.reset();
  }
  return std::nullopt;
}

/// The segment that holds the cursor's record, or the first one behind it.
bool Spool::open_reader() {
  auto after = std::find_if(segments_.begin(), segments_.end(),
                            [this](const Segment& each) { return each.end > cursor_; });
  if (after == segments_.end()) return false;
  uint64_t offset = after->name == passed_segment_ ? passed_offset_ : 0;
  reader_ = std::make_unique<SegmentReader>(directory_->open(after->name), after->salt, offset);
  reading_ = after->name;
  expected_ = offset > 0 ? cursor_ : after->first;
  damaged_records_ += after->first > cursor_ ? after->first - cursor_ : 0;
  cursor_ = std::max(cursor_, after->first);
  return true;
}

std::optional<StoredBatch> Spool::read_segment(const Segment& segment) {
  while (auto batch = reader_->next(segment.size)) {
    if (batch->first > expected_)
      damaged_records_ += batch->first - std::min(batch->first, std::max(expected_, cursor_));
    expected_ = std::max(expected_, batch->end());
    uint64_t end = std::min(batch->end(), segment.end);
    bool passed = batch->end() <= cursor_;
    if (passed) continue;
    cursor_ = std::max(cursor_, end);
    return batch;
  }
  return std::nullopt;
}

/// Nothing sound is left in it.
void Spool::pass_segment(const Segment& segment) {
  if (segment.end > cursor_) damaged_records_ += segment.end - cursor_;
  cursor_ = std::max(cursor_, segment.end);
}

void Spool::pass_last() {
  cursor_ = next_record_;
  reader_.reset();
  passed_segment_ = last().name;
  passed_offset_ = last().size;
}

void Spool::give_up_segment() {
  auto segment = std::find_if(segments_.begin(), segments_.end(),
                              [this](const Segment& each) { return each.end > cursor_; });
  if (segment == segments_.end()) return;
  if (&*segment == &last() && writing_) seal();
  pass_segment(*segment);
  reader_.reset();
}

// ---- acknowledged

void Spool::save_position() {
  if (position_changed()) saved_position_.save(position_);
}

void Spool::remove_acknowledged(bool all) {
  while (!segments_.empty() && segments_.front().end <= position_) {
    if (segments_.size() == 1 && writing_) {
      if (!all) return;
      seal();
    }
    remove_front();
  }
}

}  // namespace redactd
