#include "daemon/process/notify.h"

#include <systemd/sd-daemon.h>

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/process/block_signals.h"

namespace redactd {
namespace {

/// Has a thread of its own for the messages: sd_notify() waits as long as the manager takes none.
class Messenger {
 public:
  /// Usually it has been taken on return.
  void send(std::string state) {
    std::unique_lock lock(mutex_);
    if (waiting_.size() == kMost) return;
    waiting_.push_back(std::move(state));
    if (!std::exchange(started_, true)) std::thread([this] { run(); }).detach();
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return waiting_.empty(); });
  }

  bool waits() {
    std::lock_guard lock(mutex_);
    return !waiting_.empty();
  }

 private:
  static constexpr std::chrono::milliseconds kPatience{100};
  static constexpr size_t kMost = 100;

  void run() {
    block_signals();
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !waiting_.empty(); });
      const std::string state = waiting_.front();
      lock.unlock();
      sd_notify(0, state.c_str());
      lock.lock();
      waiting_.pop_front();
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;  // the first is on its way
  bool started_ = false;
};

/// Never destroyed, for its thread goes on until the process ends.
Messenger& messenger() {
  static auto* const messenger = new Messenger;
  return *messenger;
}

void notify(std::string state) {
  if (std::getenv("NOTIFY_SOCKET") != nullptr) messenger().send(std::move(state));
}

std::string status_line(std::string_view status) {
  std::string line = "\nSTATUS=";
  // A line break would begin another assignment.
  for (char c : status) line += c == '\n' ? ' ' : c;
  return line;
}

/// CLOCK_MONOTONIC, which is what steady_clock reads on Linux.
int64_t monotonic_microseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void notify_ready(std::string_view status) { notify("READY=1" + status_line(status)); }

void notify_reloading() {
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()) +
         "\nSTATUS=Reloading the configuration");
}

void notify_status(std::string_view status) { notify(status_line(status).substr(1)); }

void notify_stopping(std::string_view status, std::chrono::microseconds within) {
  notify("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(within.count()) + status_line(status));
}

void notify_watchdog() {
  if (!messenger().waits()) notify("WATCHDOG=1");  // late, it would be a lie
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  uint64_t interval = 0;
  if (sd_watchdog_enabled(0, &interval) <= 0) return std::nullopt;
  return std::chrono::microseconds(interval);
}

std::vector<PassedSocket> take_passed_sockets() {
  char** names = nullptr;
  int count = sd_listen_fds_with_names(1, &names);
  if (count < 0) throw std::system_error(-count, std::generic_category(), "LISTEN_FDS");
  std::vector<PassedSocket> sockets;
  for (int i = 0; i < count; ++i) {
    sockets.push_back({names[i], SD_LISTEN_FDS_START + i});
    std::free(names[i]);
  }
  std::free(names);
  return sockets;
}

}  // namespace redactd
