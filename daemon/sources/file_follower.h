#pragma once

// Follows the file that a path leads to through its rotations: decides which bytes of which file
// come next. Reads, but never waits; the caller does, and says what time it is.
//
// What happens to a file, and what is done:
// - Renamed, and another file is at the path (logrotate's `create`, a symbolic link that leads
//   elsewhere): it is read on until it has been quiet for kSettle, for its writer may not have
//   changed over yet, then the next one from its beginning. At a start with many rotated files the
//   times of their last writes tell that they have been quiet, without waiting. The next one is the
//   oldest rotated file beside it that came after it, so that none is left out when files rotate
//   faster than they are read; is_rotated_name() says what counts as one.
// - Gone, and nothing at the path: it is read on, then the rotated files that came after it.
// - Truncated (`copytruncate`): read from its beginning. If a copy of it stands beside it, what had
//   not been read is read there first. A line that was cut in two goes on in the truncated file.
// - Another file with the same inode, or truncated and grown again: told by the fingerprint.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "config/daemon/daemon_config.h"
#include "daemon/log.h"
#include "daemon/sources/position.h"
#include "daemon/sources/rotated_files.h"

namespace redactd {

/// Of one thread.
class FileFollower {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;
  /// A file that was rotated away is over when nothing has come for so long…
  static constexpr std::chrono::milliseconds kSettle{500};
  /// … or so long, while nothing is in the next one either.
  static constexpr std::chrono::milliseconds kSettleUnused{5000};

  /// `name` is the source's, for the log. References outlive the follower.
  FileFollower(std::string path, SourceConfig::StartAt start_at, std::optional<Position> saved,
               std::string_view name, Log& log);
  ~FileFollower();
  FileFollower(const FileFollower&) = delete;

  enum class Happened {
    nothing,   // there is nothing to read now
    bytes,     // `size` bytes are in the room
    line_end,  // the open line ends here without its LF: the file is over
    failed,    // reading failed; it is tried again later
    other,     // call again
  };
  struct Step {
    Happened what = Happened::nothing;
    size_t size = 0;
    Duration wait = Duration::max();  // nothing: look again after this, even if nothing changes
  };
  /// `room` is not empty.
  Step next(std::span<char> room, Time now);

  /// Behind the last line that ended; of a file that has been opened.
  std::optional<Position> position() const;
  /// Bytes up to here have been put out before a restart: they are to be replayed, not put out.
  /// Counts for the file that was opened first.
  uint64_t replay_until() const { return replay_until_; }
  uint64_t offset() const { return current_ ? current_->offset : 0; }
  uint64_t line_begin() const { return current_ ? current_->line_begin : 0; }
  /// Changes with every file and truncation.
  uint64_t epoch() const { return epoch_; }
  /// The begin of the open line is in no file that a restart could read it in.
  bool line_is_gone() const;
  /// The open line has been put out as it is.
  void give_up_line();
  /// Of the file that is read; -1: none is.
  int descriptor() const { return current_ ? current_->descriptor : -1; }

 private:
  struct Open {
    int descriptor = -1;
    FileInfo info;  // `written`: the last one of which all has been read
    Fingerprint fingerprint;
    uint64_t offset = 0;
    uint64_t line_begin = 0;
    bool is_copy = false;  // of a file that was truncated
  };

  // file_follower_start.cc: the file to begin with
  bool open_first();
  bool find_first();
  bool open_oldest();
  bool open_saved();
  bool resume_in(const RotatedFile& file, bool is_copy);
  bool open_after_saved();
  void start_at_end();
  void note_start();

  // file_follower.cc: from there on
  static bool has_prefix(int descriptor, const Fingerprint& fingerprint);
  bool open(const std::string& path, const FileInfo& expected);
  bool reopen();
  void close();
  bool note_error(int error);
  bool still_the_same(std::span<const char> read);
  Step step(std::span<char> room, Time now);
  Step refuse_utf16();
  Step take(std::span<const char> bytes);
  Step truncated();
  bool open_unread_copy();
  void note_truncation(bool has_copy, bool has_rest);
  std::optional<RotatedFile> copy_of_current() const;
  bool may_be_copy(const FileInfo& file, int64_t all_read) const;
  Step at_end(Time now);
  Step go_on_with(const RotatedFile& next);
  std::optional<RotatedFile> successor();
  std::optional<RotatedFile> rotated_successor() const;
  bool is_known(const FileInfo& info) const;
  void note_known(const FileInfo& info);
  void note_known(const std::vector<RotatedFile>& rotated);

  const std::string path_;
  const SourceConfig::StartAt start_at_;
  const std::string name_;
  Log& log_;
  std::optional<Position> saved_;
  std::string target_;  // the path with its symbolic links resolved
  std::optional<Open> current_;
  bool first_look_ = true;
  bool carried_ = false;
  uint64_t replay_until_ = 0;
  uint64_t epoch_ = 0;
  std::optional<Time> quiet_since_;     // at the end of a file that was rotated away
  std::set<FileInfo::Identity> known_;  // rotated files that have nothing new
  int64_t newest_ = 0;
  int last_error_ = 0;
};

}  // namespace redactd
