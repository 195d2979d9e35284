#include "daemon/metrics/metrics.h"

#include "daemon/metrics/scrape.h"

namespace redactd {
namespace {

bool shown(const std::optional<std::set<std::string>>& names, const std::string& name) {
  return !names || names->contains(name);
}

template <typename Counters>
std::deque<Counters>& of_name(std::map<std::string, std::deque<Counters>>& map,
                              const std::string& name, size_t workers) {
  auto [found, created] = map.try_emplace(name);
  if (created) found->second.resize(workers);
  return found->second;
}

}  // namespace

Metrics::Metrics(size_t workers) : workers_(workers + 1) {}

SourceCounters& Metrics::source(const std::string& name, size_t worker) {
  std::lock_guard lock(mutex_);
  return of_name(sources_, name, workers_.size())[worker];
}

SinkCounters& Metrics::sink(const std::string& name) {
  std::lock_guard lock(mutex_);
  return sinks_[name];
}

Counter& Metrics::redactions(const std::string& rule, size_t worker) {
  std::lock_guard lock(mutex_);
  std::string label = rule.starts_with("known:") ? "known" : rule;
  if (rules_.size() >= kRuleSeries && !rules_.contains(label)) label = "other";
  return of_name(rules_, label, workers_.size())[worker];
}

void Metrics::show(const std::vector<std::string>& sources, const std::vector<std::string>& sinks) {
  std::lock_guard lock(mutex_);
  for (const std::string& name : sources) of_name(sources_, name, workers_.size());
  for (const std::string& name : sinks) sinks_.try_emplace(name);
  shown_sources_.emplace(sources.begin(), sources.end());
  shown_sinks_.emplace(sinks.begin(), sinks.end());
}

void Metrics::drains(const std::string& sink) {
  std::lock_guard lock(mutex_);
  draining_sinks_.insert(sink);
}

void Metrics::drained(const std::string& sink) {
  std::lock_guard lock(mutex_);
  draining_sinks_.erase(draining_sinks_.find(sink));
}

std::string Metrics::text() const {
  std::lock_guard lock(mutex_);
  ScrapedCounters scraped{{}, {}, {}, rules_, workers_, control_};
  for (const auto& [name, workers] : sources_) {
    if (shown(shown_sources_, name)) scraped.sources.emplace(name, &workers);
  }
  for (const auto& [name, sink] : sinks_) {
    bool runs = shown(shown_sinks_, name) || draining_sinks_.contains(name);
    if (runs) scraped.sinks.emplace(name, &sink);
    if (runs || dropped_records(sink) > 0) scraped.sinks_that_lost.emplace(name, &sink);
  }
  return prometheus_text(scraped);
}

}  // namespace redactd
