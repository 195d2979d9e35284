#pragma once

// The canary: a made-up secret goes through the whole pipeline, and each sink looks at what it
// would have sent. The canary itself is never sent.

#include <memory>

#include "daemon/metrics/metrics.h"
#include "daemon/pipeline/generation.h"
#include "daemon/pipeline/worker.h"

namespace redactd {

/// Lives on the control thread.
class SelfCheck {
 public:
  /// `escaped` is called on the control thread, once for each run that let its secret through to
  /// any sink.
  /// `source` is the number of the route that leads to all sinks.
  SelfCheck(asio::io_context& control, ControlCounters& counters, size_t source,
            std::function<void()> escaped);

  /// Sends a canary through `worker` to every sink of `generation`.
  void run(Worker& worker, std::shared_ptr<const Generation> generation);
  /// No run counts any longer: they have been switched off.
  void forget();
  /// False from an escape on until a later run was masked.
  bool passed() const { return passed_; }

 private:
  /// What is known of one run. Belongs to the control thread.
  struct Run {
    bool escaped = false;
  };
  void judge(Run& run, bool masked);

  asio::io_context& control_;
  ControlCounters& counters_;
  std::function<void()> escaped_;
  SourceCounters own_counters_;  // its records are no source's
  WorkerCounters own_worker_counters_;
  StreamSettings settings_;
  bool passed_ = true;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace redactd
