#pragma once

// One of the program's streams on its way through redactd, on a thread of its own: a reader that
// does not read holds up neither the other stream nor signals.

#include <atomic>
#include <memory>
#include <thread>

#include "daemon/filter/filter.h"
#include "filters/rule_set.h"

namespace redactd {

class Output {
 public:
  /// Starts the copy. `name` (static) is of what is written to, for messages; `done` is an eventfd,
  /// raised when the copy has ended. The descriptors stay the caller's. Throws MatchError.
  Output(const char* name, const Copy& copy, int done, std::shared_ptr<const RuleSet> rules,
         const FilterOptions& options);
  /// Waits for the end of the copy.
  ~Output() { join(); }
  Output(const Output&) = delete;

  int source() const { return copy_.from; }
  bool ended() const { return ended_; }
  void join();

  // After join().

  /// False: input, output or engine failed, and a message has been printed. Nothing went out
  /// unmasked.
  bool succeeded() const { return succeeded_; }
  const Stats& stats() const { return stats_; }
  const Redactor& redactor() const { return redactor_; }

 private:
  void run();
  bool copy();

  const char* name_;
  Copy copy_;
  int done_;
  MatchScratch scratch_;
  Redactor redactor_;
  Stats stats_;
  bool succeeded_ = false;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace redactd
