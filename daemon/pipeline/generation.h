#pragma once

// A configuration in force: what a reload replaces as a whole.

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/metrics/metrics.h"
#include "daemon/sinks/sink.h"
#include "filters/rule_set.h"

namespace redactd {

/// Where the records of a source go. Sinks of one encoding share the encoded bytes.
struct Route {
  struct Group {
    Encoding encoding;
    std::vector<std::shared_ptr<Sink>> sinks;
  };
  std::vector<Group> groups;

  void add(std::shared_ptr<Sink> sink);
  /// The first sink that makes its sources wait; null when there is room in all.
  Sink* full() const;
  bool has(const Sink& sink) const;
};

/// Immutable once it is handed to the workers; shared by all threads.
struct Generation {
  uint64_t number = 0;
  std::shared_ptr<const RuleSet> rules;
  std::vector<Route>
      routes;  // by the number of the source; the last one, of the self-check, has all sinks
  std::vector<std::vector<Counter*>> redactions;  // by worker, then by rule
};

}  // namespace redactd
