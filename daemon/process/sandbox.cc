#include "daemon/process/sandbox.h"

#include "config/config_error.h"
#include "daemon/process/system_calls.h"

namespace redactd {

Sandbox::Sandbox(const DaemonConfig& config, Log& log)
    : starts_programs_(!config.sandbox || !config.known_values.exec.empty()) {
  if (!config.sandbox) return;
  if (!starts_programs_) {  // what is started inherits it, and nobody knows what it writes to
    writes_.emplace(config);
    if (std::string why = writes_->confine(); !why.empty()) {
      writes_.reset();
      log.info("the kernel does not confine which files are written (Landlock)",
               {{"error", error_text(why)}});
    }
  }
  std::string why =
      confine_system_calls(starts_programs_ ? Confinement::starts_programs : Confinement::daemon);
  if (!why.empty())
    log.warning("the kernel does not confine system calls (seccomp)", {{"error", error_text(why)}});
}

std::string Sandbox::refusal(const DaemonConfig& next) const {
  if (!starts_programs_ && !next.known_values.exec.empty())
    return config_error(next.settings, {{"known_values.exec[0].name", ""}},
                        "this redactd can start no programs any more, since it had none to start "
                        "when it began: restart it");
  if (!writes_) return {};
  const std::vector<WrittenPath> paths = written_paths(next);
  if (const WrittenPath* path = writes_->out_of_reach(paths))
    return config_error(
        next.settings, {{path->option, path->path}},
        path->path +
            " lies in no folder that this redactd could write to when it began: restart it, or "
            "name a folder that the configuration already writes to");
  return {};
}

}  // namespace redactd
