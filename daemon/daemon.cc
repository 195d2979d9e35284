#include "daemon/daemon.h"

#include <iostream>

#include "config/daemon_config.h"
#include "daemon/exit_code.h"

namespace redactd {

int run_daemon(const std::string& config_file) {
  Diagnostics diagnostics;
  DaemonConfig config = load_daemon_config(config_file, diagnostics);
  std::shared_ptr<const RuleSet> rules = build_rule_set(config.settings, diagnostics);
  report(diagnostics);
  if (!diagnostics.empty()) return kUsage;
  std::cerr << "redactd: the daemon is not there yet\n";
  return kRuntimeError;
}

}  // namespace redactd
