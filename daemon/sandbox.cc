#include "daemon/sandbox.h"

#include "daemon/system_calls.h"

namespace redactd {

Sandbox::Sandbox(const DaemonConfig& config, Log& log)
    : starts_programs_(!config.sandbox || !config.known_values.exec.empty()) {
  if (!config.sandbox) return;
  std::string why =
      confine_system_calls(starts_programs_ ? Confinement::starts_programs : Confinement::daemon);
  if (!why.empty())
    log.warning("the kernel does not confine system calls (seccomp)", {{"error", error_text(why)}});
}

std::string Sandbox::refusal(const DaemonConfig& next) const {
  if (!starts_programs_ && !next.known_values.exec.empty())
    return "known_values.exec: this redactd can start no programs any more, since it had none to "
           "start when it began: restart it";
  return {};
}

}  // namespace redactd
