#pragma once

// What the daemon gives up once it knows its configuration and before it has seen a byte of a log.

#include <optional>
#include <string>

#include "config/daemon/daemon_config.h"
#include "daemon/log.h"
#include "daemon/process/write_access.h"

namespace redactd {

class Sandbox {
 public:
  /// Confines this process to what `config` needs, for good; no other thread may run yet. What the
  /// kernel does not have is logged, and goes without.
  Sandbox(const DaemonConfig& config, Log& log);

  /// Why a reload cannot bring `next`: what it needs has been given up. Empty when it can.
  std::string refusal(const DaemonConfig& next) const;

 private:
  bool starts_programs_;
  std::optional<WriteAccess> writes_;  // nothing: they are not confined
};

}  // namespace redactd
