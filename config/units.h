#pragma once

// Sizes, durations and permissions as people write them.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace redactd {

using Milliseconds = std::chrono::milliseconds;

/// Reads `4096`, `64KiB`, `1MiB`, `2GiB`, `10kB`, `1MB`; nothing when it is none of them.
std::optional<size_t> parse_bytes(std::string_view text);

/// Reads `500ms`, `10s`, `5m`, `1h`, `1d`, and `0`; nothing when it is none of them or longer than
/// ten years.
std::optional<Milliseconds> parse_duration(std::string_view text);

/// Reads the permissions of a file, three octal digits with or without a leading 0: `0660`.
std::optional<unsigned> parse_mode(std::string_view text);

/// In the largest unit that shows it whole: `64KiB`, `1500ms`.
std::string bytes_text(size_t bytes);
std::string duration_text(Milliseconds duration);

}  // namespace redactd
