#include "daemon/sources/file_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "daemon/descriptor.h"
#include "filters/utf16.h"

namespace redactd {
namespace {

int64_t nanoseconds(std::chrono::nanoseconds time) { return time.count(); }

/// Of a file that cannot be read, the reads that follow tell.
bool begins_utf16(int descriptor) {
  std::array<char, 2> mark;
  const ssize_t size = pread(descriptor, mark.data(), mark.size(), 0);
  return size == 2 && utf16_order({mark.data(), mark.size()});
}

/// What is wrong with a file that can be read.
LogValue fault(int error) {
  if (error == kNoRegularFile) return error_text("it is no regular file");
  if (error == kUtf16)
    return error_text(
        "it is UTF-16, of which rules would see nothing; redactd < FILE masks it, or have it "
        "written as UTF-8");
  return std::error_code(error, std::generic_category());
}

}  // namespace

FileFollower::FileFollower(std::string path, SourceConfig::StartAt start_at,
                           std::optional<Position> saved, std::string_view name, Log& log)
    : path_(std::move(path)),
      start_at_(start_at),
      name_(name),
      log_(log),
      saved_(std::move(saved)),
      target_(path_) {}

FileFollower::~FileFollower() { close(); }

FileFollower::Step FileFollower::next(std::span<char> room, Time now) {
  try {
    return step(room, now);
  } catch (const std::system_error& error) {
    note_error(error.code().value());
    return {Happened::failed};
  }
}

FileFollower::Step FileFollower::step(std::span<char> room, Time now) {
  if (!current_) {
    const bool opened = open_first();
    first_look_ = false;
    return {opened ? Happened::other : Happened::nothing};
  }
  ssize_t size =
      pread(current_->descriptor, room.data(), room.size(), static_cast<off_t>(current_->offset));
  if (size < 0) {
    const int error = errno;
    note_error(error);
    if (error == ESTALE && !reopen()) close();
    return {Happened::failed};
  }
  std::span<const char> read = room.first(static_cast<size_t>(size));
  if (current_->offset < 2 && begins_utf16(current_->descriptor)) return refuse_utf16();
  // Looked at after the read: a truncation before it is seen, and one after it does not matter.
  if (!still_the_same(read)) return truncated();
  if (!read.empty() && current_->offset == 0 && open_unread_copy()) return {Happened::other};
  if (!read.empty()) return take(read);
  return at_end(now);
}

/// A file that was empty when it was opened, or has been truncated.
FileFollower::Step FileFollower::refuse_utf16() {
  note_error(kUtf16);
  close();
  return {Happened::failed};
}

FileFollower::Step FileFollower::take(std::span<const char> bytes) {
  size_t line_feed = std::string_view(bytes.data(), bytes.size()).rfind('\n');
  if (line_feed != std::string_view::npos) {
    current_->line_begin = current_->offset + line_feed + 1;
    carried_ = false;
  }
  current_->offset += bytes.size();
  quiet_since_.reset();
  return {Happened::bytes, bytes.size()};
}

std::optional<Position> FileFollower::position() const {
  if (!current_) return std::nullopt;
  Position position;
  position.path = target_;
  position.device = current_->info.device;
  position.inode = current_->info.inode;
  position.fingerprint = current_->fingerprint;
  position.offset = position.replay_from = current_->line_begin;
  position.newest = newest_;
  position.written = current_->info.written;
  return position;
}

bool FileFollower::line_is_gone() const {
  struct stat is = {};
  const bool removed = current_ && fstat(current_->descriptor, &is) == 0 && is.st_nlink == 0;
  return carried_ || removed;
}

void FileFollower::give_up_line() {
  carried_ = false;
  if (current_) current_->line_begin = current_->offset;
}

// Opening

/// Opens `path` if `expected` is still there.
bool FileFollower::open(const std::string& path, const FileInfo& expected) {
  if (expected.error != 0) return note_error(expected.error);
  int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) {
    throw_if_lacking(errno);
    return note_error(errno);
  }
  FileInfo info = look_at(descriptor);
  if (info.error != 0 || !info.is(expected)) {
    ::close(descriptor);
    return false;
  }
  if (begins_utf16(descriptor)) {
    ::close(descriptor);
    return note_error(kUtf16);
  }
  close();
  current_ = Open{descriptor, info, {}, 0, 0, false};
  last_error_ = 0;
  if (path == path_) target_ = target_of(path_);
  return true;
}

/// The file server has forgotten the descriptor; that of the file itself it may give again.
bool FileFollower::reopen() {
  std::vector<RotatedFile> files = rotated_files(target_);
  files.push_back({path_, look_at(path_)});
  for (const RotatedFile& file : files) {
    if (file.info.error != 0 || !file.info.is(current_->info)) continue;
    Descriptor again(::open(file.path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (again.get() < 0 || !look_at(again.get()).is(current_->info)) continue;
    ::close(current_->descriptor);
    current_->descriptor = again.release();
    return true;
  }
  return false;
}

void FileFollower::close() {
  if (current_) ::close(current_->descriptor);
  current_.reset();
  quiet_since_.reset();
  replay_until_ = 0;
  ++epoch_;
}

bool FileFollower::note_error(int error) {
  if (error == last_error_) return false;
  last_error_ = error;
  if (error == ENOENT) {
    log_.info("the file is not there; waiting for it",
              {{"source", configured(name_)}, {"path", configured(path_)}});
  } else {
    log_.warning(
        "the file cannot be read; it will be tried again",
        {{"source", configured(name_)}, {"path", configured(path_)}, {"error", fault(error)}});
  }
  return false;
}

// Truncation

bool FileFollower::has_prefix(int descriptor, const Fingerprint& fingerprint) {
  std::array<char, Fingerprint::kBytes> head;
  if (read_at(descriptor, head, 0).size() < fingerprint.bytes) return false;
  bool same = fingerprint_of({head.data(), fingerprint.bytes}) == fingerprint;
  explicit_bzero(head.data(), head.size());
  return same;
}

/// Whether the bytes before the offset are those that were read. Extends the fingerprint.
bool FileFollower::still_the_same(std::span<const char> read) {
  Open& file = *current_;
  if (file.offset == 0) {
    file.fingerprint = fingerprint_of(read);
    return true;
  }
  std::array<char, Fingerprint::kBytes> head;
  const size_t size = read_at(file.descriptor, head, 0).size();
  if (size < file.fingerprint.bytes) return false;
  bool same = fingerprint_of({head.data(), file.fingerprint.bytes}) == file.fingerprint;
  if (same && file.fingerprint.bytes < Fingerprint::kBytes)
    file.fingerprint = fingerprint_of({head.data(), size});
  explicit_bzero(head.data(), head.size());
  return same;
}

FileFollower::Step FileFollower::truncated() {
  const Open before = *current_;
  bool holds_line = carried_ || before.line_begin != before.offset;
  std::optional<RotatedFile> copy = copy_of_current();
  bool has_rest = copy && copy->info.size > before.offset;
  note_truncation(copy.has_value(), has_rest);
  if (has_rest && open(copy->path, copy->info)) {
    current_->fingerprint = before.fingerprint;
    current_->offset = before.offset;
    current_->line_begin = before.line_begin;
    current_->is_copy = true;
  } else {
    note_known(rotated_files(target_));
    current_->fingerprint = {};
    current_->offset = current_->line_begin = 0;
    current_->info.written = look_at(current_->descriptor).written;
    carried_ = holds_line;
    quiet_since_.reset();
    replay_until_ = 0;
    ++epoch_;
  }
  return {Happened::other};
}

/// Of a file that was written and truncated before a byte of it was read: nothing but its copy
/// tells.
bool FileFollower::open_unread_copy() {
  if (current_->is_copy || !look_at(path_).is(current_->info)) return false;
  const bool empty = look_at(current_->descriptor).size == 0;
  for (const RotatedFile& file : rotated_files(target_)) {
    if (file.info.size == 0 || file.info.born <= current_->info.born || is_known(file.info))
      continue;
    // One that is not truncated yet is read where it is.
    if (!empty && begin_alike(file.path, current_->descriptor)) continue;
    if (!open(file.path, file.info)) continue;
    current_->is_copy = true;
    note_truncation(true, true);
    return true;
  }
  return false;
}

void FileFollower::note_truncation(bool has_copy, bool has_rest) {
  if (has_copy) {
    log_.info(
        "the file was truncated: reading it from its beginning",
        {{"source", configured(name_)}, {"path", configured(path_)}, {"rest_in_copy", has_rest}});
  } else {
    log_.warning(
        "the file was truncated, and no copy of it stands beside it: what had not been read, if "
        "anything, is lost; reading it from its beginning",
        {{"source", configured(name_)},
         {"path", configured(path_)},
         {"read_bytes", current_->offset}});
  }
}

/// The one that holds most of it, and not less than was read.
std::optional<RotatedFile> FileFollower::copy_of_current() const {
  std::optional<RotatedFile> best;
  for (RotatedFile& file : rotated_files(target_)) {
    if (!may_be_copy(file.info, current_->info.written)) continue;
    if (file.info.size < (best ? best->info.size + 1 : current_->offset)) continue;
    Descriptor copy(::open(file.path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (copy.get() < 0) {
      throw_if_lacking(errno);
      continue;
    }
    if (has_prefix(copy.get(), current_->fingerprint)) best = std::move(file);
  }
  return best;
}

/// A copy may have been written over a file that was known: the file stays the same, its last write
/// tells. `all_read`: what the followed file got after that time is not read, and was copied later
/// still.
bool FileFollower::may_be_copy(const FileInfo& file, int64_t all_read) const {
  return !is_known(file) || file.written >= all_read;
}

// Rotation

FileFollower::Step FileFollower::at_end(Time now) {
  FileInfo info = look_at(current_->descriptor);
  if (info.error == 0 && info.size < current_->offset) return truncated();
  const bool was_written = info.written != current_->info.written;
  if (info.error == 0 && info.size == 0 && was_written && open_unread_copy())
    return {Happened::other};
  if (info.error == 0 && info.size == current_->offset) current_->info.written = info.written;
  std::optional<RotatedFile> next = successor();
  if (!next) {
    quiet_since_.reset();
    return {};
  }
  // All times are the file system's, whose clock need not be ours.
  int64_t changed_over = std::max(info.written, next->info.born);
  bool long_quiet = look_at(path_).written - changed_over >= nanoseconds(kSettle);
  if (current_->is_copy || long_quiet) return go_on_with(*next);
  if (!quiet_since_) quiet_since_ = now;
  Duration settle = next->info.size > 0 ? kSettle : kSettleUnused;
  Duration quiet = now - *quiet_since_;
  if (quiet < settle) return {Happened::nothing, 0, settle - quiet};
  return go_on_with(*next);
}

FileFollower::Step FileFollower::go_on_with(const RotatedFile& next) {
  bool holds_line = carried_ || current_->line_begin != current_->offset;
  if (holds_line && !current_->is_copy) {
    give_up_line();
    return {Happened::line_end};
  }
  const FileInfo before = current_->info;
  if (!open(next.path, next.info)) return {};
  carried_ = holds_line;
  note_known(before);
  note_known(current_->info);
  log_.info("the file was rotated: going on with the next one",
            {{"source", configured(name_)}, {"path", configured(path_)}});
  return {Happened::other};
}

/// What is to be read after the current file; nothing while that is the one at the path.
std::optional<RotatedFile> FileFollower::successor() {
  FileInfo at_path = look_at(path_);
  if (current_ && at_path.error == ENOENT) return rotated_successor();
  if (at_path.error != 0) {
    note_error(at_path.error);
    return std::nullopt;
  }
  if (current_ && at_path.is(current_->info)) return std::nullopt;
  for (RotatedFile& file : rotated_files(target_)) {
    if (file.info.is(at_path) || (current_ && file.info.is(current_->info))) continue;
    if (is_known(file.info)) continue;
    // A copy of the one at the path: to be read if that has been truncated since.
    bool is_copy = at_path.born >= newest_ && file.info.born > at_path.born;
    if (!is_copy || !begin_alike(file.path, path_)) return std::move(file);
  }
  return RotatedFile{path_, at_path};
}

/// The same where nothing is at the path: it may be long until a file is there again.
std::optional<RotatedFile> FileFollower::rotated_successor() const {
  for (RotatedFile& file : rotated_files(target_)) {
    if (file.info.is(current_->info) || is_known(file.info)) continue;
    if (file.info.size > 0 && !begin_alike(file.path, current_->descriptor)) return std::move(file);
  }
  return std::nullopt;
}

bool FileFollower::is_known(const FileInfo& info) const {
  return info.born < newest_ || known_.count(info.identity()) > 0;
}

void FileFollower::note_known(const FileInfo& info) {
  newest_ = std::max(newest_, info.born);
  std::erase_if(known_,
                [this](const FileInfo::Identity& file) { return std::get<2>(file) < newest_; });
  known_.insert(info.identity());
}

/// Nothing of what stands beside the file is to be read.
void FileFollower::note_known(const std::vector<RotatedFile>& rotated) {
  for (const RotatedFile& file : rotated) note_known(file.info);
  note_known(current_->info);
}

}  // namespace redactd
