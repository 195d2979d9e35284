#pragma once

// A queue of redacted batches on disk. Records are numbered; everything is told by these numbers:
//
//     | acknowledged |  sent, not acknowledged  |   unsent   |
//                    position                cursor       next
//
//     segment 0–812 | segment 812–1400 | segment 1400–…     (files; the last one is written)
//
// A segment is named after its first record, so that what is missing between two is known to the
// record. It goes when all of it is acknowledged. A spool that is opened begins a new segment: old
// ones are never written again.
//
// When a write or a sync fails nobody knows what the disk has. The segment is given up behind what
// was synced for sure, and what came after is written once more, from memory, to the next one.
//
// Belongs to one thread. Whatever may touch the disk throws std::system_error; the spool is then
// as sound as before, and the call may be repeated.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/spool/batch_codec.h"
#include "daemon/spool/segment_reader.h"
#include "daemon/spool/spool_directory.h"
#include "daemon/spool/spool_position.h"

namespace redactd {

class Spool {
 public:
  /// Takes up what is there. Cuts off what a crash has left behind the last whole batch. What has a
  /// segment's name and is no file stays where it is, and is none.
  Spool(std::unique_ptr<SpoolDirectory> directory, const SpoolConfig& config);

  // ---- in
  /// Makes room for a batch of so many bytes in the segment, under `drop_oldest` at any cost. False
  /// when it has to wait until something is acknowledged.
  bool make_room(size_t bytes);
  /// Behind everything. There is at least one record.
  void append(std::shared_ptr<const Encoded> encoded, uint64_t stream, Framing framing);
  /// Nothing to do under `never`.
  void sync();
  /// Records before this one survive a power cut; under `never`: have been written.
  uint64_t safe_before() const { return safe_before_; }
  uint64_t unsynced_bytes() const { return unsynced_bytes_; }
  uint64_t next_record() const { return next_record_; }

  // ---- out
  bool all_read() const { return cursor_ == next_record_; }
  uint64_t cursor() const { return cursor_; }
  /// The next unsent batch; nothing when there is none that can be read now.
  std::optional<StoredBatch> read();
  /// What was appended last need not be read: the caller, who had read all before it, still has it.
  void pass_last();
  /// The rest of the segment that cannot be read is damage.
  void give_up_segment();

  // ---- acknowledged
  void set_position(uint64_t record) { position_ = record; }
  uint64_t position() const { return position_; }
  bool position_changed() const { return position_ != saved_position_.record(); }
  void save_position();
  /// Deletes segments that are acknowledged whole; with `all` also the one that is written.
  void remove_acknowledged(bool all = false);

  // ---- figures
  uint64_t bytes() const { return bytes_; }
  /// Of the last segment, when it was opened: not read, for they are damaged or unfinished.
  uint64_t torn_bytes() const { return torn_bytes_; }
  /// Segments that are no files, which were found when it was opened.
  const std::vector<std::string>& no_files() const { return no_files_; }
  uint64_t replayed_before() const { return replayed_before_; }  // records of an earlier process
  /// Since the last call.
  uint64_t take_damaged_records() { return std::exchange(damaged_records_, 0); }
  uint64_t take_dropped_records() { return std::exchange(dropped_records_, 0); }

 private:
  struct Segment {
    std::string name;
    uint64_t salt = 0;
    uint64_t first = 0;
    uint64_t end = 0;     // number behind the last record
    uint64_t size = 0;    // bytes that count
    uint64_t synced = 0;  // of these
    bool ours = false;    // written by this process
  };
  struct Unsynced {
    std::shared_ptr<const Encoded> encoded;
    uint64_t stream;
    Framing framing;
    uint64_t first;
  };

  uint64_t list_segments(const std::vector<std::string>& names);
  bool scan(Segment& segment, uint64_t& sound);
  void cut_torn_tail(Segment& last);
  void need_segment(size_t bytes);
  void begin_segment(uint64_t first);
  void write(Segment& segment, const Unsynced& batch);
  void seal();
  void sync_last();
  void give_up_writing(bool sync_failed);
  bool keep_written(const Segment& segment);
  void keep_synced(Segment& segment);
  void drop_oldest();
  void remove_front();
  bool open_reader();
  std::optional<StoredBatch> read_segment(const Segment& segment);
  void pass_segment(const Segment& segment);
  Segment& last() { return segments_.back(); }

  const std::unique_ptr<SpoolDirectory> directory_;
  const SpoolConfig config_;
  SpoolPosition saved_position_;
  std::deque<Segment> segments_;
  std::unique_ptr<SpoolFile> writing_;  // the last segment; null: the next write begins one
  bool name_synced_ = false;            // of that segment
  std::deque<Unsynced> unsynced_;       // in memory until the disk has it; never under `never`
  uint64_t unsynced_bytes_ = 0;
  bool rewrite_ = false;  // unsynced_ has to be written again
  uint64_t next_record_ = 0;
  uint64_t safe_before_ = 0;
  uint64_t bytes_ = 0;

  std::unique_ptr<SegmentReader> reader_;
  std::string reading_;    // the reader's segment
  uint64_t expected_ = 0;  // the number that comes next in it
  uint64_t cursor_ = 0;
  std::string passed_segment_;  // of which pass_last() has passed so much
  uint64_t passed_offset_ = 0;
  uint64_t position_ = 0;

  uint64_t torn_bytes_ = 0;
  std::vector<std::string> no_files_;
  uint64_t replayed_before_ = 0;
  uint64_t damaged_records_ = 0;
  uint64_t dropped_records_ = 0;
};

}  // namespace redactd
