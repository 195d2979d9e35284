#include "daemon/known/file_rounds.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace redactd {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kSettle{200};       // files change in groups and are written piece by piece
constexpr milliseconds kMostSettle{5000};  // a file that is written without pause is read then
constexpr milliseconds kPoll{60'000};      // for what inotify does not tell: network file systems
constexpr milliseconds kPollUnwatched{2000};  // where there is no inotify

}  // namespace

FileRounds::FileRounds(boost::asio::io_context& control, std::function<void()> read, Warn warn)
    : control_(control),
      read_(std::move(read)),
      warn_(std::move(warn)),
      settle_(control),
      poll_(control) {}

void FileRounds::set_paths(std::vector<std::string> paths) {
  paths_ = std::move(paths);
  follow();
}

void FileRounds::watch() {
  try {
    inotify_ = std::make_unique<PathWatch>(
        control_, [this] { changed(); }, PathWatch::Writes::at_once);
  } catch (const std::system_error& error) {
    warn_("files", std::string("cannot be watched (") + error.what() +
                       "); they are read every 2 seconds instead");
  }
  round();  // what changed before
  poll();
}

void FileRounds::follow() {
  if (!inotify_ || inotify_->watch(paths_)) return;
  warn_("files",
        "cannot all be watched (see fs.inotify.max_user_watches); they are read every 2 "
        "seconds instead");
  inotify_.reset();
}

/// From the last change on, for what is read before may be half of it.
void FileRounds::changed() {
  const auto now = std::chrono::steady_clock::now();
  if (!std::exchange(settling_, true)) first_change_ = now;
  settle_.expires_at(std::min(now + kSettle, first_change_ + kMostSettle));
  settle_.async_wait([this, weak = weak_from_this()](boost::system::error_code error) {
    std::shared_ptr<FileRounds> self = weak.lock();
    if (error || !self || stopped_) return;
    // A change in the moment in which this had expired has put it off, or waits as well.
    if (std::chrono::steady_clock::now() < settle_.expiry()) return;
    if (std::exchange(settling_, false)) round();
  });
}

void FileRounds::poll() {
  poll_.expires_after(inotify_ ? kPoll : kPollUnwatched);
  poll_.async_wait([this, weak = weak_from_this()](boost::system::error_code error) {
    std::shared_ptr<FileRounds> self = weak.lock();
    if (error || !self || stopped_) return;
    round();
    poll();
  });
}

void FileRounds::round() {
  follow();  // first, so that a change while they are read is not missed
  read_();
}

void FileRounds::stop() {
  stopped_ = true;
  inotify_.reset();
  settle_.cancel();
  poll_.cancel();
}

}  // namespace redactd
