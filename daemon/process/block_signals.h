#pragma once

#include <pthread.h>
#include <signal.h>

namespace redactd {

/// For a thread that no signal is for: SIGPIPE and SIGXFSZ come as errors of its writes, to files,
/// pipes or the service manager, and the process's signals to other threads.
inline void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace redactd
