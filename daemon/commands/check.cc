#include "daemon/commands/check.h"

#include <iostream>

#include "config/daemon/daemon_config.h"
#include "daemon/exit_code.h"

namespace redactd {
namespace {

std::string counted(size_t count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

size_t active(const RuleSet& rules) {
  size_t count = 0;
  for (uint32_t i = 0; i < rules.rules().size(); ++i) count += rules.is_muted(i) ? 0 : 1;
  return count;
}

}  // namespace

int check_config(const std::string& config_file) {
  Diagnostics diagnostics;
  DaemonConfig config;
  bool daemon = load_settings(config_file, config.settings, diagnostics) == ConfigUse::daemon;
  if (daemon) {
    diagnostics = {};  // they are found again
    config = load_daemon_config(config_file, diagnostics);
  }
  std::shared_ptr<const RuleSet> rules;
  if (!daemon || diagnostics.empty()) rules = build_rule_set(config.settings, diagnostics);
  report(diagnostics);
  if (!rules) return kUsage;
  std::cout << config_file << ": ok: ";
  if (daemon) {
    std::cout << counted(config.sources.size(), "source") << ", "
              << counted(config.sinks.size(), "sink") << ", ";
  }
  std::cout << counted(active(*rules), "rule")
            << (daemon ? "\n" : "; no sources: redactd filters standard input with it\n");
  return kDone;
}

}  // namespace redactd
