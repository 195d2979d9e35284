#pragma once

// The counters as Prometheus reads them: every metric's name, type and help stands in scrape.cc.
// docs/metrics.md says what each means.

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "daemon/metrics/metrics.h"

namespace redactd {

/// What a scrape shows. Nothing of it is kept: the counters are their owner's, and may count on
/// while they are read.
struct ScrapedCounters {
  using Sources = std::map<std::string, const std::deque<SourceCounters>*>;
  using Sinks = std::map<std::string, const SinkCounters*>;
  using Rules = std::map<std::string, std::deque<Counter>>;

  Sources sources;  // by name
  Sinks sinks;
  Sinks sinks_that_lost;  // all of `sinks`, and those that are gone and have lost records
  const Rules& rules;
  const std::deque<WorkerCounters>& workers;  // the last is the control thread
  const ControlCounters& control;
};

/// The Prometheus text format 0.0.4, by prometheus-cpp's serializer.
std::string prometheus_text(const ScrapedCounters& counters);

/// For whatever reason.
uint64_t dropped_records(const SinkCounters& sink);

}  // namespace redactd
