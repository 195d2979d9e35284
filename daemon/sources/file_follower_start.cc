// The looks for the file to begin with: at a start, and again until there is one.

#include <strings.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "daemon/sources/file_follower.h"

namespace redactd {
namespace {

constexpr size_t kBackwardBytes = 64 * 1024;

/// Where the last line begins.
uint64_t last_line_begin(int descriptor, uint64_t size) {
  std::string piece(kBackwardBytes, '\0');
  for (uint64_t end = size; end > 0;) {
    uint64_t begin = end - std::min<uint64_t>(end, piece.size());
    auto got = read_at(descriptor, std::span(piece).first(static_cast<size_t>(end - begin)), begin);
    if (got.empty()) break;
    size_t line_feed = std::string_view(got.data(), got.size()).rfind('\n');
    explicit_bzero(piece.data(), piece.size());
    if (line_feed != std::string_view::npos) return begin + line_feed + 1;
    end = begin;
  }
  return 0;
}

}  // namespace

bool FileFollower::open_first() {
  try {
    return find_first();
  } catch (const std::system_error&) {
    close();  // it is not known from where to read it
    throw;
  }
}

bool FileFollower::find_first() {
  if (saved_) return open_saved() || open_after_saved();
  if (start_at_ == SourceConfig::StartAt::oldest) return open_oldest();
  FileInfo at_path = look_at(path_);
  target_ = target_of(path_);
  const std::vector<RotatedFile> older = rotated_files(target_);
  if (!open(path_, at_path)) return false;
  if (first_look_ && start_at_ == SourceConfig::StartAt::end) start_at_end();
  note_known(older);
  note_start();
  return true;
}

bool FileFollower::open_oldest() {
  std::optional<RotatedFile> oldest = successor();
  if (!oldest || !open(oldest->path, oldest->info)) return false;
  note_known(current_->info);
  note_start();
  return true;
}

void FileFollower::note_start() {
  log_.info(
      "following the file",
      {{"source", configured(name_)}, {"path", configured(path_)}, {"offset", current_->offset}});
}

bool FileFollower::open_saved() {
  newest_ = saved_->newest;
  target_ = saved_->path;
  std::vector<RotatedFile> candidates = rotated_files(target_);
  for (const RotatedFile& file : candidates) {
    if (file.info.born <= newest_) known_.insert(file.info.identity());
  }
  std::vector<RotatedFile> others = {{saved_->path, look_at(saved_->path)},
                                     {path_, look_at(path_)}};
  for (const auto* files : {&others, &candidates}) {
    for (const RotatedFile& file : *files) {
      bool same = file.info.inode == saved_->inode &&
                  (saved_->fingerprint.bytes > 0 || file.info.device == saved_->device);
      if (same && resume_in(file, false)) return true;
    }
  }
  // Truncated meanwhile: what was not read of it stands in its copy.
  for (const RotatedFile& file : candidates) {
    if (may_be_copy(file.info, saved_->written) && saved_->fingerprint.bytes > 0 &&
        resume_in(file, true))
      return true;
  }
  return false;
}

bool FileFollower::resume_in(const RotatedFile& file, bool is_copy) {
  if (file.info.error != 0 || file.info.size < saved_->offset) return false;
  if (!open(file.path, file.info)) return false;
  if (!has_prefix(current_->descriptor, saved_->fingerprint)) {
    close();
    return false;
  }
  current_->fingerprint = saved_->fingerprint;
  current_->offset = current_->line_begin = saved_->replay_from;
  current_->is_copy = is_copy;
  replay_until_ = saved_->offset;
  target_ = saved_->path;
  log_.info(
      "following the file from its saved position",
      {{"source", configured(name_)}, {"path", configured(path_)}, {"offset", saved_->offset}});
  saved_.reset();
  return true;
}

/// The file of the saved position is gone: what came after it is read from its beginning.
bool FileFollower::open_after_saved() {
  if (first_look_) {
    log_.warning("the file of the saved position is gone; what was not read of it is lost",
                 {{"source", configured(name_)}, {"path", configured(path_)}});
  }
  std::optional<RotatedFile> next = successor();
  if (!next || !open(next->path, next->info)) return false;
  note_known(current_->info);
  saved_.reset();
  return true;
}

/// At the begin of the last line if its LF is missing, for no line may be looked at in halves.
void FileFollower::start_at_end() {
  std::array<char, Fingerprint::kBytes> head;
  current_->fingerprint = fingerprint_of(read_at(current_->descriptor, head, 0));
  explicit_bzero(head.data(), head.size());
  current_->offset = current_->line_begin =
      last_line_begin(current_->descriptor, current_->info.size);
}

}  // namespace redactd
