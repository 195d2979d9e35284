#include "daemon/sources/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace redactd {
namespace {

namespace fs = std::filesystem;
constexpr unsigned kInFolder = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE;

std::string folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path().string() : ".";
}

}  // namespace

FileWatch::FileWatch(asio::io_context& context, std::string path)
    : path_(std::move(path)), descriptor_(context.get_executor()) {
  int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor >= 0) descriptor_.assign(descriptor);
}

void FileWatch::look_at(int file) {
  if (!descriptor_.is_open()) return;
  watch(folder_, folder_of(path_), kInFolder);
  std::error_code error;
  fs::path target = fs::canonical(path_, error);
  if (!error) watch(target_folder_, folder_of(target), kInFolder);
  if (file >= 0) watch(file_, "/proc/self/fd/" + std::to_string(file), IN_MODIFY | IN_ATTRIB);
}

/// Watching the same again changes nothing.
void FileWatch::watch(int& number, const std::string& path, unsigned events) {
  int before = number;
  number = inotify_add_watch(descriptor_.native_handle(), path.c_str(), events | IN_MASK_ADD);
  bool in_use = before == folder_ || before == target_folder_ || before == file_;
  if (before >= 0 && !in_use) inotify_rm_watch(descriptor_.native_handle(), before);
}

Awaitable<bool> FileWatch::changed() {
  if (!descriptor_.is_open()) co_return false;
  auto [error] = co_await descriptor_.async_wait(descriptor_.wait_read, kAwait);
  if (error) co_return false;
  alignas(inotify_event) std::array<char, 4096> events;  // what they say is seen by looking
  while (read(descriptor_.native_handle(), events.data(), events.size()) > 0) {
  }
  co_return true;
}

void FileWatch::cancel() {
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

}  // namespace redactd
