#include "daemon/daemon.h"

#include <iostream>

#include "config/daemon/daemon_config.h"
#include "daemon/exit_code.h"
#include "daemon/log.h"
#include "daemon/process/embedded_pages.h"
#include "daemon/process/fd_limit.h"
#include "daemon/process/hardening.h"
#include "daemon/process/last_words.h"
#include "daemon/process/sandbox.h"
#include "daemon/server.h"

namespace redactd {

int run_daemon(const std::string& config_file) {
  set_last_words();
  harden_process();
  Diagnostics diagnostics;
  DaemonConfig config = load_daemon_config(config_file, diagnostics);
  if (!diagnostics.empty()) {
    report(diagnostics);
    return kUsage;
  }
  raise_fd_limit();
  Log log(config.log);
  for (const Diagnostic& warning : diagnostics.warnings())
    log.warning("configuration", {{"warning", error_text(warning.text())}});
  Sandbox sandbox(config, log);
  Server server(config_file, std::move(config), sandbox, log);
  std::string errors;
  if (!server.start(errors)) {
    std::cerr << errors << "redactd: nothing was started\n";
    return kUsage;
  }
  let_go_of_embedded_databases();
  return server.run();
}

}  // namespace redactd
