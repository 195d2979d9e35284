#pragma once

// Whether all that runs does its work: what /healthz and /readyz say, and the service manager's
// watchdog hears.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/log.h"
#include "daemon/metrics/metrics.h"
#include "daemon/sinks/outage.h"
#include "daemon/sinks/standstill.h"

namespace redactd {

/// Of the control thread. References outlive it.
class Health {
 public:
  /// `config` is the one in force.
  Health(const DaemonConfig& config, size_t workers, Metrics& metrics, Log& log);

  /// Each second. A sink that stands still, or does so no longer, is told in the log.
  void look();

  bool workers_answer() const;
  /// Whether the source, or a file of it, ended because it could not be read, or not be redacted.
  bool has_failed(const std::string& source) const;
  /// What is to be said of those that have.
  std::vector<std::string> failed_sources() const;
  /// Why a restart is due; empty if it is not.
  std::vector<std::string> unhealthy() const;
  /// Why what comes does not all go where it should; empty if it does.
  std::vector<std::string> not_ready() const;

 private:
  struct Flow {
    Standstill standstill;
    Outage outage;
  };

  void look_at_workers();
  void look_at_sink(const std::string& name);

  const DaemonConfig& config_;
  Metrics& metrics_;
  Log& log_;
  std::map<std::string, Flow> flows_;  // of the sinks, by name
  std::vector<uint64_t> last_ticks_;   // of the workers
  size_t silent_seconds_ = 0;
};

}  // namespace redactd
