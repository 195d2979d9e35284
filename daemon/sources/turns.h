#pragma once

// How the sessions of a worker share its thread and its memory.

#include <chrono>

namespace redactd {

/// Reads of a session before others of its worker get their turn.
inline constexpr int kReadsInARow = 16;

/// Reads of what the kernel holds when a session is stopped: a writer that never pauses is not
/// waited for.
inline constexpr int kLastReads = 64;

/// Whether a session that is looked at once a second (Session::tick()) is to give its memory back:
/// it has read nothing for a second, and not for so long that it has done so already.
inline bool is_time_to_trim(std::chrono::steady_clock::time_point last_read,
                            std::chrono::steady_clock::time_point now) {
  constexpr std::chrono::seconds kAfter{1};
  return now - last_read > kAfter && now - last_read < 3 * kAfter;
}

}  // namespace redactd
