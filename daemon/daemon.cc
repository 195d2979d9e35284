#include "daemon/daemon.h"

#include <signal.h>

#include <iostream>

#include "config/daemon/daemon_config.h"
#include "daemon/exit_code.h"
#include "daemon/log.h"
#include "daemon/process/fd_limit.h"
#include "daemon/process/hardening.h"
#include "daemon/process/last_words.h"
#include "daemon/process/sandbox.h"
#include "daemon/process/start_pages.h"
#include "daemon/server.h"

namespace redactd {

/// SIGHUP would end a process that does not wait for signals yet: what comes while redactd starts
/// is a reload once it has.
static void hold_reloads(int how) {
  sigset_t reload;
  sigemptyset(&reload);
  sigaddset(&reload, SIGHUP);
  pthread_sigmask(how, &reload, nullptr);
}

int run_daemon(const std::string& config_file) {
  hold_reloads(SIG_BLOCK);
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
  hold_reloads(SIG_UNBLOCK);
  let_go_of_start_pages();
  return server.run();
}

}  // namespace redactd
