#include "daemon/process/notify.h"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <cstdlib>
#include <system_error>

namespace redactd {
namespace {

void notify(const std::string& state) { sd_notify(0, state.c_str()); }

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

void notify_stopping(std::string_view status) { notify("STOPPING=1" + status_line(status)); }

void notify_watchdog() { notify("WATCHDOG=1"); }

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
