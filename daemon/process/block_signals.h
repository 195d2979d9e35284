#pragma once

#include <pthread.h>
#include <signal.h>

namespace redactd {

/// For a thread that only writes, to files, pipes or the service manager: SIGPIPE and SIGXFSZ come
/// as errors of the write, and the process's signals to other threads.
inline void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace redactd
