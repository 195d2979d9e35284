#include "daemon/known/path_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "daemon/known/value_files.h"

namespace redactd {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEvents = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kMostLinks = 40;  // as path_resolution(7)

int open_inotify() {
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "inotify");
  return fd;
}

}  // namespace

PathWatch::PathWatch(boost::asio::io_context& context, std::function<void()> changed, Writes writes)
    : inotify_(context, open_inotify()), changed_(std::move(changed)), writes_(writes) {
  wait();
}

bool PathWatch::watch(const std::vector<std::string>& paths) {
  Interests old;
  old.swap(interests_);
  complete_ = true;
  for (const std::string& path : paths) {
    std::error_code ignored;
    follow(fs::absolute(path, ignored).string(), 0, 0, true);
  }
  for (const auto& [watched, interest] : old) {
    if (interests_.count(watched) == 0) inotify_rm_watch(inotify_.native_handle(), watched);
  }
  return complete_;
}

/// Walks along an absolute path and watches the folder of each component for it. `to_the_end`: and
/// what is in the folder that it leads to.
void PathWatch::follow(const std::string& path, int links, int depth, bool to_the_end) {
  fs::path at = "/";
  const fs::path way = fs::path(path).lexically_normal().relative_path();
  for (auto component = way.begin(); component != way.end(); ++component) {
    if (component->empty()) continue;  // behind a slash at the end
    int watched = add(at.string(), kEvents);
    if (watched < 0) return;
    interests_[watched].names.insert(component->string());
    std::error_code error;
    fs::path next = at / *component;
    fs::file_status status = fs::symlink_status(next, error);
    if (!fs::exists(status)) return;
    if (fs::is_symlink(status)) {
      fs::path target = fs::read_symlink(next, error);
      if (error || links >= kMostLinks) return;
      bool last = std::next(component) == way.end();
      follow((target.is_absolute() ? target : at / target).string(), links + 1, depth,
             last && to_the_end);
      if (last) return;
    }
    at = next;
  }
  std::error_code error;
  if (!to_the_end) return;
  if (fs::is_directory(at, error)) return follow_folder(at.string(), links, depth);
  if (writes_ == Writes::at_once) follow_file(at.string());
}

/// The file itself: to be told of every write by its folder is to be told of those to others too.
void PathWatch::follow_file(const std::string& file) {
  if (int watched = add(file, IN_MODIFY); watched >= 0) interests_[watched].everything = true;
}

void PathWatch::follow_folder(const std::string& folder, int links, int depth) {
  int watched = add(folder, writes_ == Writes::at_once ? kEvents | IN_MODIFY : kEvents);
  if (watched < 0) return;
  interests_[watched].everything = true;
  if (depth + 1 >= kDeepestFolder) return;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with("..")) continue;
    std::error_code ignored;
    if (entry->is_symlink(ignored) || entry->is_directory(ignored))
      follow(entry->path().string(), links, depth + 1, true);
  }
}

/// IN_MASK_ADD: a folder may be one of secrets and on the way to others.
int PathWatch::add(const std::string& path, uint32_t events) {
  int watched = inotify_add_watch(inotify_.native_handle(), path.c_str(), events | IN_MASK_ADD);
  // Gone again, or not ours to look into: reading tells.
  if (watched < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES) complete_ = false;
  return watched;
}

void PathWatch::wait() {
  inotify_.async_wait(inotify_.wait_read,
                      [this, alive = std::weak_ptr<bool>(alive_)](boost::system::error_code error) {
                        if (error || alive.expired()) return;
                        bool changed = read_events();
                        wait();
                        if (changed) changed_();
                      });
}

/// True when one of the events is about something that was asked for.
bool PathWatch::read_events() {
  bool changed = false;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  for (;;) {
    ssize_t got = read(inotify_.native_handle(), buffer.data(), buffer.size());
    if (got <= 0) return changed;
    for (size_t at = 0; at < static_cast<size_t>(got);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      auto interest = interests_.find(event->wd);
      if (event->mask & IN_Q_OVERFLOW) changed = true;
      if (interest == interests_.end()) continue;
      changed = changed || event->len == 0 || interest->second.everything ||
                interest->second.names.count(event->name) != 0;
      if (event->mask & IN_IGNORED) interests_.erase(interest);
    }
  }
}

}  // namespace redactd
