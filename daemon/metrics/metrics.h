#pragma once

// What redactd counts. A counter has one writer, the thread that owns it, and is read by the
// scrape: relaxed loads and stores, no locked instruction. Labels come from the configuration
// (names of sources, sinks and rules) and from enums, never from log content.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/framing/framer.h"
#include "daemon/tls/tls_failure.h"

namespace redactd {

/// One thread counts, any may read.
class Counter {
 public:
  void add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  void subtract(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 protected:
  std::atomic<uint64_t> value_{0};
};

/// Several threads may count: over a reload a sink and the one in its place do so together.
class SharedCounter : public Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void subtract(uint64_t n) { value_.fetch_sub(n, std::memory_order_relaxed); }
};

/// Durations in buckets whose bounds are kBounds (seconds), and their sum. Any thread may observe.
class Histogram {
 public:
  static constexpr std::array<double, 16> kBounds = {
      0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
      0.01,     0.025,   0.05,   0.1,     0.25,   0.5,   1,      5};
  /// `count` observations of the same duration.
  void observe(double seconds, uint64_t count = 1);
  uint64_t bucket(size_t i) const { return buckets_[i].get(); }  // kBounds.size(): above the last
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::array<SharedCounter, kBounds.size() + 1> buckets_;
  std::atomic<double> sum_{0};
};

/// Of one source on one worker.
struct SourceCounters {
  Counter bytes;  // as they were received, framing included
  Counter records;
  Counter truncated_records;
  Counter truncated_bytes;  // beyond max_record
  Counter incomplete_records;
  Counter empty_records;
  std::array<Counter, kFrameErrors> frame_errors;
  Counter connections;  // accepted
  Counter connections_open;
  Counter connections_refused;  // above max_connections
  Counter idle_closed;
  std::array<Counter, kTlsFailures> handshake_failures;
  Counter read_errors;
  Counter failed_streams;  // of a socket, a file, standard input: they stay ended until a restart
  Counter held_bytes;      // of records whose end has not come
  Counter stalled;         // times that reading waited for a full sink
  Counter rate_delays;
  Counter damaged_positions;
  Counter lost_datagrams;  // that the socket's buffer had no room for
};

/// Of one sink.
struct SinkCounters {
  SharedCounter bytes;  // delivered (docs/delivery.md), framing included
  SharedCounter records;
  SharedCounter batches;
  SharedCounter connected;  // endpoints (lanes) that are connected now; stdout, file: 1
  SharedCounter reconnects;
  SharedCounter connect_failures;
  SharedCounter queued_bytes;
  SharedCounter dropped_newest_records;
  SharedCounter dropped_oldest_records;
  SharedCounter dropped_too_long_records;  // no datagram can hold them
  SharedCounter dropped_at_exit_records;
  SharedCounter write_errors;
  SharedCounter unverified_tls;  // 1: the peer's certificate is not looked at
  SharedCounter down_since_ms;   // steady clock, 0: up
  SharedCounter still_since_ms;  // so too: it is connected, and its peer takes nothing
  SharedCounter delivery_level;  // docs/delivery.md
  // Of the spool; written by its thread.
  SharedCounter spool_max_bytes;  // 0: there is no spool
  SharedCounter spool_bytes;      // of its files
  SharedCounter spool_records;    // not acknowledged
  SharedCounter spool_unsynced_bytes;
  SharedCounter spool_replayed_records;  // sent, of an earlier process
  SharedCounter spool_damaged_records;
  SharedCounter spool_torn_bytes;
  SharedCounter spool_errors;   // of the disk
  SharedCounter spool_failing;  // 1: the disk does not do what it is asked to
  SharedCounter spool_full;     // 1: sources wait
  SharedCounter dropped_spool_full_records;
  Histogram latency;  // from the read that completed a record to its write

  /// Nothing can be written from now on.
  void note_down() { down_since_ms.set(milliseconds_of(std::chrono::steady_clock::now())); }

  static uint64_t milliseconds_of(std::chrono::steady_clock::time_point time) {
    const auto since_start = time.time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count());
  }
};

/// Of one worker.
struct WorkerCounters {
  Counter masked_whole;     // records that cost more than their budget
  Counter unscanned_bytes;  // stays 0: bytes that went out without a scan
  Counter engine_errors;    // streams that ended because the engine failed
  Counter loop_ticks;       // the worker's heartbeat
  Counter accept_pauses;    // out of file descriptors
  Histogram scan;           // of a batch: framing, scanning and rewriting
};

/// Of the process, written by the control thread.
struct ControlCounters {
  Counter reloads_ok;
  Counter reloads_failed;
  Counter generation;          // of the configuration in force
  Counter last_reload_failed;  // 1: the file on disk is not the one in force
  Counter rules;
  Counter known_values;
  Counter known_refused;
  Counter database_bytes;
  Counter stream_state_bytes;
  Counter canary_runs;
  Counter canary_escapes;
  Counter canary_ok;  // 0: the last one was not masked
};

/// Owns every counter of the process, so that they outlive the threads that write them; asked for
/// a name again, it gives the same counter, which is how counts live on over a reload. Thread-safe.
class Metrics {
 public:
  /// `workers` threads, and one more that counts as number `workers`: the control thread.
  explicit Metrics(size_t workers);

  SourceCounters& source(const std::string& name, size_t worker);
  SinkCounters& sink(const std::string& name);
  WorkerCounters& worker(size_t worker) { return workers_[worker]; }
  ControlCounters& control() { return control_; }
  /// Redactions by rule; `known` and every `known:NAME` share the label `known`, and all rules
  /// beyond kRuleSeries the label `other`.
  Counter& redactions(const std::string& rule, size_t worker);
  static constexpr size_t kRuleSeries = 1000;

  /// From now on text() shows these sources and sinks, from 0 on, and no others: what a reload took
  /// out of the configuration is gone from the metrics too. Its counters stay where they are.
  /// A sink is shown while it drains all the same, and what it has lost from then on.
  void show(const std::vector<std::string>& sources, const std::vector<std::string>& sinks);
  /// A sink of this name is about to write what it has left; drained() has to follow.
  void drains(const std::string& sink);
  void drained(const std::string& sink);

  /// What the admin endpoint shows, by scrape.h. Of any thread.
  std::string text() const;

 private:
  mutable std::mutex mutex_;  // of the containers, not of the counters
  std::deque<WorkerCounters> workers_;
  std::map<std::string, std::deque<SourceCounters>> sources_;
  std::map<std::string, SinkCounters> sinks_;
  std::map<std::string, std::deque<Counter>> rules_;
  std::optional<std::set<std::string>> shown_sources_;  // nothing: all
  std::optional<std::set<std::string>> shown_sinks_;
  std::multiset<std::string> draining_sinks_;
  ControlCounters control_;
};

}  // namespace redactd
