#include "daemon/metrics/scrape.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <sstream>
#include <utility>
#include <vector>

#include "daemon/metrics/process_stats.h"
#include "filters/matcher/matcher.h"

namespace redactd {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// A metric that is one counter of `Owner`.
template <typename Owner, typename Kind = Counter>
struct Metric {
  const char* name;
  MetricType type;
  const char* help;
  Kind Owner::*counter;
};
using SinkMetric = Metric<SinkCounters, SharedCounter>;

constexpr Metric<SourceCounters> kSourceMetrics[] = {
    {"redactd_source_received_bytes_total", MetricType::Counter,
     "Bytes received, framing included.", &SourceCounters::bytes},
    {"redactd_source_received_records_total", MetricType::Counter, "Records received.",
     &SourceCounters::records},
    {"redactd_source_truncated_records_total", MetricType::Counter,
     "Records cut at max_record, after they were redacted.", &SourceCounters::truncated_records},
    {"redactd_source_truncated_bytes_total", MetricType::Counter,
     "Bytes of records beyond max_record, which were not passed on.",
     &SourceCounters::truncated_bytes},
    {"redactd_source_incomplete_records_total", MetricType::Counter,
     "Records whose connection ended before they did; what came was passed on.",
     &SourceCounters::incomplete_records},
    {"redactd_source_empty_records_total", MetricType::Counter,
     "Empty records, which were not passed on.", &SourceCounters::empty_records},
    {"redactd_source_connections_total", MetricType::Counter, "Connections accepted.",
     &SourceCounters::connections},
    {"redactd_source_open_connections", MetricType::Gauge, "Connections open now.",
     &SourceCounters::connections_open},
    {"redactd_source_refused_connections_total", MetricType::Counter,
     "Connections closed at once, above max_connections.", &SourceCounters::connections_refused},
    {"redactd_source_idle_closed_connections_total", MetricType::Counter,
     "Connections closed after idle_timeout without a byte or, within a record, without its end.",
     &SourceCounters::idle_closed},
    {"redactd_source_read_errors_total", MetricType::Counter,
     "Reads that failed, connections reset by the peer included.", &SourceCounters::read_errors},
    {"redactd_source_failed_streams", MetricType::Gauge,
     "Files, datagram sockets and standard input that failed and are not read before a restart.",
     &SourceCounters::failed_streams},
    {"redactd_source_held_bytes", MetricType::Gauge,
     "Bytes held of records whose end has not come.", &SourceCounters::held_bytes},
    {"redactd_source_stalls_total", MetricType::Counter, "Times reading waited for a full sink.",
     &SourceCounters::stalled},
    {"redactd_source_rate_delays_total", MetricType::Counter,
     "Times reading waited for the rate limit.", &SourceCounters::rate_delays},
    {"redactd_source_damaged_positions_total", MetricType::Counter,
     "Position files that could not be understood and were set aside.",
     &SourceCounters::damaged_positions},
    {"redactd_source_lost_datagrams_total", MetricType::Counter,
     "Datagrams that the socket's receive buffer had no room for.",
     &SourceCounters::lost_datagrams},
};

constexpr SinkMetric kSinkMetrics[] = {
    {"redactd_sink_sent_bytes_total", MetricType::Counter, "Bytes delivered, framing included.",
     &SinkCounters::bytes},
    {"redactd_sink_sent_records_total", MetricType::Counter,
     "Records delivered, as the sink's delivery level says.", &SinkCounters::records},
    {"redactd_sink_sent_batches_total", MetricType::Counter, "Batches of records delivered.",
     &SinkCounters::batches},
    {"redactd_sink_connected", MetricType::Gauge,
     "Endpoints that are connected now; 1 for a standard output or a file that is open.",
     &SinkCounters::connected},
    {"redactd_sink_reconnects_total", MetricType::Counter, "Connections made after the first.",
     &SinkCounters::reconnects},
    {"redactd_sink_connect_failures_total", MetricType::Counter, "Attempts to connect that failed.",
     &SinkCounters::connect_failures},
    {"redactd_sink_write_errors_total", MetricType::Counter, "Writes that failed.",
     &SinkCounters::write_errors},
    {"redactd_sink_queued_bytes", MetricType::Gauge, "Bytes that wait to be written.",
     &SinkCounters::queued_bytes},
    {"redactd_sink_delivery_level", MetricType::Gauge,
     "When a record counts as delivered. 0: sent; 1: the peer's kernel has it; 2: the peer's "
     "program has said so.",
     &SinkCounters::delivery_level},
    {"redactd_sink_tls_unverified", MetricType::Gauge,
     "1 while the peer's certificate is not verified.", &SinkCounters::unverified_tls},
};

constexpr SinkMetric kSpoolMetrics[] = {
    {"redactd_sink_spool_max_bytes", MetricType::Gauge, "What the spool may take on disk.",
     &SinkCounters::spool_max_bytes},
    {"redactd_sink_spool_bytes", MetricType::Gauge, "Size of the spool's files.",
     &SinkCounters::spool_bytes},
    {"redactd_sink_spool_records", MetricType::Gauge,
     "Records in the spool that the peer has not acknowledged.", &SinkCounters::spool_records},
    {"redactd_sink_spool_unsynced_bytes", MetricType::Gauge,
     "Bytes in the spool that a power cut may take.", &SinkCounters::spool_unsynced_bytes},
    {"redactd_sink_spool_replayed_records_total", MetricType::Counter,
     "Records sent that an earlier process had left in the spool.",
     &SinkCounters::spool_replayed_records},
    {"redactd_sink_spool_damaged_records_total", MetricType::Counter,
     "Records lost because the spool was damaged.", &SinkCounters::spool_damaged_records},
    {"redactd_sink_spool_torn_bytes_total", MetricType::Counter,
     "Bytes of unfinished writes cut off after a crash.", &SinkCounters::spool_torn_bytes},
    {"redactd_sink_spool_errors_total", MetricType::Counter, "Errors of the spool's disk.",
     &SinkCounters::spool_errors},
    {"redactd_sink_spool_failing", MetricType::Gauge,
     "1 while the spool's disk fails and sources wait.", &SinkCounters::spool_failing},
    {"redactd_sink_spool_full", MetricType::Gauge, "1 while the spool is full and sources wait.",
     &SinkCounters::spool_full},
};

constexpr Metric<WorkerCounters> kWorkerMetrics[] = {
    {"redactd_unscanned_bytes_total", MetricType::Counter,
     "Bytes passed on without a scan; stays 0.", &WorkerCounters::unscanned_bytes},
    {"redactd_engine_errors_total", MetricType::Counter,
     "Streams ended because the engine failed; nothing more of them was passed on.",
     &WorkerCounters::engine_errors},
    {"redactd_accept_pauses_total", MetricType::Counter,
     "Times accepting connections paused, out of file descriptors.",
     &WorkerCounters::accept_pauses},
};

constexpr Metric<ControlCounters> kControlMetrics[] = {
    {"redactd_config_generation", MetricType::Gauge,
     "Number of the configuration in force; it grows with every reload that succeeded, not with "
     "known values that change.",
     &ControlCounters::generation},
    {"redactd_rules_loaded", MetricType::Gauge, "Rules in force.", &ControlCounters::rules},
    {"redactd_known_values", MetricType::Gauge, "Known values in force.",
     &ControlCounters::known_values},
    {"redactd_known_values_refused_total", MetricType::Counter,
     "Known values refused as too short or too common.", &ControlCounters::known_refused},
    {"redactd_database_bytes", MetricType::Gauge, "Memory of the compiled rules.",
     &ControlCounters::database_bytes},
    {"redactd_stream_state_bytes", MetricType::Gauge, "The matcher's memory for each stream.",
     &ControlCounters::stream_state_bytes},
    {"redactd_canary_runs_total", MetricType::Counter, "Self-checks made.",
     &ControlCounters::canary_runs},
    {"redactd_canary_escapes_total", MetricType::Counter,
     "Self-checks whose made-up secret came out unmasked.", &ControlCounters::canary_escapes},
    {"redactd_canary_ok", MetricType::Gauge, "0 if the last self-check came out unmasked, else 1.",
     &ControlCounters::canary_ok},
};

/// The families of a scrape.
class Scrape {
 public:
  /// The family that add() adds to from now on.
  void family(const char* name, MetricType type, const char* help) {
    families_.push_back({name, help, type, {}});
  }
  void add(Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  void add(Labels labels, uint64_t value) { add(std::move(labels), static_cast<double>(value)); }
  void add(Labels labels, std::span<const Histogram* const> parts) {
    ClientMetric metric;
    metric.label = std::move(labels);
    auto& histogram = metric.histogram;
    for (size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
      for (const Histogram* part : parts) histogram.sample_count += part->bucket(i);
      if (i == Histogram::kBounds.size()) break;  // the serializer adds +Inf
      histogram.bucket.push_back({histogram.sample_count, Histogram::kBounds[i]});
    }
    for (const Histogram* part : parts) histogram.sample_sum += part->sum();
    families_.back().metric.push_back(std::move(metric));
  }

  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> families_;
};

template <typename Owners, typename Owner>
uint64_t sum(const Owners& owners, Counter Owner::*counter) {
  uint64_t total = 0;
  for (const Owner& owner : owners) total += (owner.*counter).get();
  return total;
}

void scrape_sources(const ScrapedCounters::Sources& sources, Scrape& scrape) {
  for (const Metric<SourceCounters>& metric : kSourceMetrics) {
    scrape.family(metric.name, metric.type, metric.help);
    for (const auto& [name, workers] : sources) {
      scrape.add({{"source", name}}, sum(*workers, metric.counter));
    }
  }
  scrape.family("redactd_source_frame_errors_total", MetricType::Counter,
                "Frames that could not be read, by kind; each closed its connection.");
  for (const auto& [name, workers] : sources) {
    for (size_t kind = 1; kind < kFrameErrors; ++kind) {
      uint64_t total = 0;
      for (const SourceCounters& worker : *workers) total += worker.frame_errors[kind].get();
      std::string_view label = to_string(static_cast<FrameError>(kind));
      scrape.add({{"source", name}, {"kind", std::string(label)}}, total);
    }
  }
  scrape.family("redactd_source_handshake_failures_total", MetricType::Counter,
                "TLS handshakes that failed or took longer than handshake_timeout, by cause.");
  for (const auto& [name, workers] : sources) {
    for (size_t cause = 0; cause < kTlsFailures; ++cause) {
      uint64_t total = 0;
      for (const SourceCounters& worker : *workers) total += worker.handshake_failures[cause].get();
      std::string_view label = to_string(static_cast<TlsFailure>(cause));
      scrape.add({{"source", name}, {"cause", std::string(label)}}, total);
    }
  }
}

double seconds_down(const SinkCounters& sink) {
  uint64_t since = sink.down_since_ms.get();
  if (since == 0) since = sink.still_since_ms.get();
  if (since == 0) return 0;
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return std::max(0.0, (static_cast<double>(now_ms) - static_cast<double>(since)) / 1000);
}

bool has_spool(const SinkCounters& sink) { return sink.spool_max_bytes.get() > 0; }

void scrape_spools(const ScrapedCounters::Sinks& sinks, Scrape& scrape) {
  for (const SinkMetric& metric : kSpoolMetrics) {
    scrape.family(metric.name, metric.type, metric.help);
    for (const auto& [name, sink] : sinks)
      if (has_spool(*sink)) scrape.add({{"sink", name}}, (sink->*metric.counter).get());
  }
}

void scrape_sinks(const ScrapedCounters::Sinks& sinks, Scrape& scrape) {
  for (const SinkMetric& metric : kSinkMetrics) {
    scrape.family(metric.name, metric.type, metric.help);
    for (const auto& [name, sink] : sinks) {
      scrape.add({{"sink", name}}, (sink->*metric.counter).get());
    }
  }
  scrape.family("redactd_sink_down_seconds", MetricType::Gauge,
                "For how long nothing could be written; 0: the sink is up.");
  for (const auto& [name, sink] : sinks) scrape.add({{"sink", name}}, seconds_down(*sink));
  scrape.family("redactd_sink_latency_seconds", MetricType::Histogram,
                "From the read that completed a record to its write.");
  for (const auto& [name, sink] : sinks) {
    const Histogram* only[] = {&sink->latency};
    scrape.add({{"sink", name}}, only);
  }
}

void scrape_dropped(const ScrapedCounters::Sinks& sinks, Scrape& scrape) {
  scrape.family("redactd_sink_dropped_records_total", MetricType::Counter,
                "Records lost, by reason.");
  for (const auto& [name, sink] : sinks) {
    auto dropped = [&scrape, &sink_name = name](const char* reason, const Counter& counter) {
      scrape.add({{"sink", sink_name}, {"reason", reason}}, counter.get());
    };
    dropped("drop_newest", sink->dropped_newest_records);
    dropped("drop_oldest", sink->dropped_oldest_records);
    dropped("too_long", sink->dropped_too_long_records);
    dropped("exit", sink->dropped_at_exit_records);
    if (has_spool(*sink)) dropped("spool_full", sink->dropped_spool_full_records);
  }
}

void scrape_rules(const ScrapedCounters::Rules& rules, Scrape& scrape) {
  scrape.family("redactd_redactions_total", MetricType::Counter, "Secrets masked, by rule.");
  for (const auto& [rule, workers] : rules) {
    uint64_t total = 0;
    for (const Counter& worker : workers) total += worker.get();
    scrape.add({{"rule", rule}}, total);
  }
}

void scrape_workers(const std::deque<WorkerCounters>& workers, Scrape& scrape) {
  for (const Metric<WorkerCounters>& metric : kWorkerMetrics) {
    scrape.family(metric.name, metric.type, metric.help);
    scrape.add({}, sum(workers, metric.counter));
  }
  scrape.family("redactd_records_masked_whole_total", MetricType::Counter,
                "Records masked as a whole, by cause.");
  scrape.add({{"cause", "budget"}}, sum(workers, &WorkerCounters::masked_whole));
  scrape.family("redactd_worker_ticks_total", MetricType::Counter,
                "Heartbeats of each worker; one that stands still is stuck.");
  for (size_t i = 0; i + 1 < workers.size(); ++i) {  // the last is the control thread
    scrape.add({{"worker", std::to_string(i)}}, workers[i].loop_ticks.get());
  }
  scrape.family("redactd_scan_duration_seconds", MetricType::Histogram,
                "Time to frame, scan and rewrite a batch.");
  std::vector<const Histogram*> parts;
  parts.reserve(workers.size());
  for (const WorkerCounters& worker : workers) parts.push_back(&worker.scan);
  scrape.add({}, parts);
}

void scrape_control(const ControlCounters& control, Scrape& scrape) {
  for (const Metric<ControlCounters>& metric : kControlMetrics) {
    scrape.family(metric.name, metric.type, metric.help);
    scrape.add({}, (control.*metric.counter).get());
  }
  scrape.family("redactd_reloads_total", MetricType::Counter, "Reloads, by result.");
  scrape.add({{"result", "ok"}}, control.reloads_ok.get());
  scrape.add({{"result", "failed"}}, control.reloads_failed.get());
  scrape.family("redactd_config_last_reload_successful", MetricType::Gauge,
                "0 if the file on disk was refused and an older configuration is in force.");
  scrape.add({}, control.last_reload_failed.get() == 0 ? 1.0 : 0.0);
  scrape.family("redactd_build_info", MetricType::Gauge, "What runs here; always 1.");
  MatcherInfo matcher = matcher_info();
  scrape.add({{"version", REDACTD_VERSION}, {"matcher", matcher.version}, {"cpu", matcher.cpu}},
             1.0);
}

void scrape_process(Scrape& scrape) {
  ProcessStats stats = read_process_stats();
  auto one = [&](const char* name, MetricType type, const char* help, auto value) {
    scrape.family(name, type, help);
    scrape.add({}, value);
  };
  one("process_cpu_seconds_total", MetricType::Counter, "User and system time in seconds.",
      stats.cpu_seconds);
  one("process_resident_memory_bytes", MetricType::Gauge, "Resident memory.", stats.resident_bytes);
  one("process_virtual_memory_bytes", MetricType::Gauge, "Virtual memory.", stats.virtual_bytes);
  one("process_open_fds", MetricType::Gauge, "Open file descriptors.", stats.open_fds);
  one("process_max_fds", MetricType::Gauge, "File descriptors that may be open.", stats.max_fds);
  one("process_start_time_seconds", MetricType::Gauge, "Start, in seconds since 1970.",
      stats.start_time);
}

}  // namespace

uint64_t dropped_records(const SinkCounters& sink) {
  return sink.dropped_newest_records.get() + sink.dropped_oldest_records.get() +
         sink.dropped_too_long_records.get() + sink.dropped_at_exit_records.get() +
         sink.dropped_spool_full_records.get();
}

std::string prometheus_text(const ScrapedCounters& counters) {
  Scrape scrape;
  scrape_sources(counters.sources, scrape);
  scrape_sinks(counters.sinks, scrape);
  scrape_dropped(counters.sinks_that_lost, scrape);
  scrape_spools(counters.sinks, scrape);
  scrape_rules(counters.rules, scrape);
  scrape_workers(counters.workers, scrape);
  scrape_control(counters.control, scrape);
  scrape_process(scrape);
  return scrape.text();
}

}  // namespace redactd
