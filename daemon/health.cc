#include "daemon/health.h"

#include <chrono>
#include <utility>

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kSecondsUntilUnhealthy = 10;

}  // namespace

Health::Health(const DaemonConfig& config, size_t workers, Metrics& metrics, Log& log)
    : config_(config), metrics_(metrics), log_(log), last_ticks_(workers) {}

void Health::look() {
  look_at_workers();
  for (const SinkConfig& sink : config_.sinks) look_at_sink(sink.name);
}

void Health::look_at_workers() {
  bool silent = false;
  for (size_t i = 0; i < last_ticks_.size(); ++i) {
    const uint64_t now = metrics_.worker(i).loop_ticks.get();
    silent = silent || now == last_ticks_[i];
    last_ticks_[i] = now;
  }
  silent_seconds_ = silent ? silent_seconds_ + 1 : 0;
}

/// A sink counts as standing still once that has lasted as long as one may be down.
void Health::look_at_sink(const std::string& name) {
  const Clock::time_point now = Clock::now();
  SinkCounters& counters = metrics_.sink(name);
  auto& [standstill, outage] = flows_[name];
  const auto since = standstill.since(counters.queued_bytes.get(), counters.bytes.get(), now);
  const bool still = now - since > config_.ready_grace && counters.down_since_ms.get() == 0;
  counters.still_since_ms.set(still ? SinkCounters::milliseconds_of(since) : 0);
  const LogField which{"sink", configured(name)};
  if (still && outage.worth_telling(now)) {
    log_.warning(
        "sink gets rid of nothing, though it is connected: the other end does not read; its "
        "records wait",
        {which, {"seconds", (now - since) / std::chrono::seconds(1)}});
  } else if (!still && outage.end()) {
    log_.info("sink gets rid of records again", {which});
  }
}

bool Health::workers_answer() const { return silent_seconds_ < kSecondsUntilUnhealthy; }

bool Health::has_failed(const std::string& source) const {
  for (size_t i = 0; i < last_ticks_.size(); ++i)
    if (metrics_.source(source, i).failed_streams.get() > 0) return true;
  return false;
}

std::vector<std::string> Health::failed_sources() const {
  std::vector<std::string> reasons;
  for (const SourceConfig& source : config_.sources) {
    if (has_failed(source.name))
      reasons.push_back("source '" + source.name +
                        "' has failed: what comes is not read before a restart");
  }
  return reasons;
}

std::vector<std::string> Health::unhealthy() const {
  std::vector<std::string> reasons = failed_sources();
  if (!workers_answer()) reasons.emplace_back("a worker does not answer");
  return reasons;
}

std::vector<std::string> Health::not_ready() const {
  std::vector<std::string> reasons;
  const auto now = Clock::now().time_since_epoch();
  for (const SinkConfig& sink : config_.sinks) {
    const SinkCounters& counters = metrics_.sink(sink.name);
    const std::string name = "sink '" + sink.name + "' ";
    const auto since = std::chrono::milliseconds(counters.down_since_ms.get());
    if (since.count() > 0 && now - since > config_.ready_grace) reasons.push_back(name + "is down");
    if (counters.still_since_ms.get() > 0)
      reasons.push_back(name + "gets rid of nothing: the other end does not read");
    if (counters.spool_failing.get() > 0)
      reasons.push_back("the disk of the spool of " + name + "fails");
    if (counters.spool_full.get() > 0) reasons.push_back("the spool of " + name + "is full");
  }
  for (std::string& reason : failed_sources()) reasons.push_back(std::move(reason));
  return reasons;
}

}  // namespace redactd
