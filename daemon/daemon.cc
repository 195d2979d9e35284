#include "daemon/daemon.h"

#include <signal.h>
#include <unistd.h>

#include <iostream>

#include "config/daemon/daemon_config.h"
#include "daemon/exit_code.h"
#include "daemon/log.h"
#include "daemon/process/fd_limit.h"
#include "daemon/process/hardening.h"
#include "daemon/process/heaps.h"
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

/// Nothing has been read while redactd starts, so nothing is left to write. Without a handler the
/// first process of a container would not be told at all. Until the server waits for signals.
static void let_signals_end_the_start() {
  struct sigaction at_once {};
  at_once.sa_handler = [](int) { _exit(kDone); };
  for (int number : {SIGINT, SIGTERM}) sigaction(number, &at_once, nullptr);
}

int run_daemon(const std::string& config_file) {
  hold_reloads(SIG_BLOCK);
  let_signals_end_the_start();
  set_last_words();
  harden_process();
  Diagnostics diagnostics;
  DaemonConfig config = load_daemon_config(config_file, diagnostics);
  if (!diagnostics.empty()) {
    report(diagnostics);
    return kUsage;
  }
  raise_fd_limit();
  share_heaps();
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
