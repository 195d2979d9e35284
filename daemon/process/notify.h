#pragma once

// What redactd and the service manager tell each other, by libsystemd: sd_notify(3) and
// sd_listen_fds(3). Without a manager (NOTIFY_SOCKET, LISTEN_FDS unset) nothing happens. The
// control thread calls these, and is not held up by a manager that takes no message.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redactd {

/// A status is one line that `systemctl status` shows.
void notify_ready(std::string_view status);
/// A reload begins; notify_ready() ends it.
void notify_reloading();
void notify_status(std::string_view status);
/// The manager is not to end it for `within` from now on, however short its own time-out is.
void notify_stopping(std::string_view status, std::chrono::microseconds within);
/// Alive; due more often than watchdog_interval().
void notify_watchdog();

/// After how long a silence the manager restarts redactd; nothing: it does not watch.
std::optional<std::chrono::microseconds> watchdog_interval();

/// A socket that the manager has opened (socket activation).
struct PassedSocket {
  std::string name;     // FileDescriptorName=, `unknown` where it gives none
  int descriptor = -1;  // close-on-exec; the caller's to close
};

/// The sockets handed over, in order, at the first call: the environment forgets them, so that
/// children do not take them for theirs. Throws std::system_error.
std::vector<PassedSocket> take_passed_sockets();

}  // namespace redactd
