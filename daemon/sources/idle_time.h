#pragma once

#include <chrono>
#include <cstddef>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// How long a connection may say nothing, or within a record not end it, before it is closed; 0:
/// for ever. Without an idle_timeout one that is quiet between records keeps its place until others
/// need it: who writes into a closed connection without looking loses that record, and much that
/// writes logs does not look. `open`: of the source's connections.
inline Milliseconds longest_idle(const SourceConfig& source, bool within_record, size_t open) {
  constexpr Milliseconds kStandard = std::chrono::minutes(10);
  if (source.idle_timeout) return *source.idle_timeout;
  const bool needed = open >= source.max_connections;
  return within_record || needed ? kStandard : Milliseconds(0);
}

}  // namespace redactd
