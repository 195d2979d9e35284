#pragma once

// A source with a worker and a sink that a test looks into. The control thread is the test's.

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/sources/source.h"
#include "tests/testing/generation.h"
#include "tests/testing/redact.h"

namespace redactd::test {

inline constexpr std::chrono::seconds kDeadline{60};

/// Takes records; keeps their receipts while it is told to hold them.
class ObservedSink : public Sink {
 public:
  explicit ObservedSink(SinkConfig config) : Sink(std::move(config)) {}

  void push(Batch batch) override {
    std::lock_guard lock(mutex_);
    size_t begin = 0;
    for (size_t end : batch.encoded->ends) {
      records_.push_back(batch.encoded->bytes.substr(begin, end - begin));
      begin = end;
    }
    if (!holds_) return;
    queued_ += batch.size();
    most_queued_ = std::max(most_queued_, queued_.load());
    held_.push_back(std::move(batch));
  }

  void when_room(std::function<void()> wake) override {
    std::unique_lock lock(mutex_);
    if (full()) {
      waiting_.push_back(std::move(wake));
    } else {
      lock.unlock();
      wake();
    }
  }

  void close(std::chrono::steady_clock::time_point, std::function<void()> done) override { done(); }

  /// From now on, until let_go(), nothing counts as written.
  void hold() {
    std::lock_guard lock(mutex_);
    holds_ = true;
  }
  void let_go() {
    std::vector<std::function<void()>> waiting;
    std::vector<Batch> held;
    {
      std::lock_guard lock(mutex_);
      holds_ = false;
      waiting.swap(waiting_);
      held.swap(held_);
      queued_ = 0;
    }
    held.clear();
    for (auto& wake : waiting) wake();
  }
  /// The batches in the order that `which` gives, as several connections would acknowledge them.
  size_t held() {
    std::lock_guard lock(mutex_);
    return held_.size();
  }
  void let_go_of(size_t which) {
    Batch batch;
    std::lock_guard lock(mutex_);
    batch = std::move(held_.at(which));
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  std::vector<std::string> records() {
    std::lock_guard lock(mutex_);
    return records_;
  }
  size_t count() {
    std::lock_guard lock(mutex_);
    return records_.size();
  }
  void forget() {
    std::lock_guard lock(mutex_);
    records_.clear();
  }
  size_t most_queued() {
    std::lock_guard lock(mutex_);
    return most_queued_;
  }
  size_t waiting() {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> records_;
  std::vector<Batch> held_;
  std::vector<std::function<void()>> waiting_;
  size_t most_queued_ = 0;
  bool holds_ = false;
};

class SourceRig {
 public:
  explicit SourceRig(SourceConfig config, size_t queue_bytes = 4 << 20, Rules rules = builtin())
      : config_(std::move(config)) {
    SinkConfig sink_config;
    sink_config.queue_bytes = queue_bytes;
    sink = std::make_shared<ObservedSink>(sink_config);
    generation_ = generation_to(sink, std::move(rules), metrics);
    workers_.push_back(std::make_unique<Worker>(0, metrics.worker(0), log));
    workers_.front()->start(generation_);
  }
  ~SourceRig() { stop(); }

  /// Opens and starts a source; `make` makes it from its setup.
  template <typename Made>
  void start() {
    start([](SourceSetup setup) { return std::make_unique<Made>(std::move(setup)); });
  }
  void start(const std::function<std::unique_ptr<Source>(SourceSetup)>& make) {
    source_ = make(SourceSetup{config_, stream_settings(config_, 0), control_, workers_, metrics,
                               log, passed_, [this] { ++ended; }});
    source_->open();
    source_->start();
  }

  /// Like the server: sessions end, the sinks write what they have, the source goes.
  void stop() {
    if (!source_) return;
    stop_sessions();
    sink->let_go();
    source_.reset();
  }
  /// Like kill -9 as far as the saved position is concerned: the sinks write nothing more.
  void abandon() {
    source_.reset();
    stop_sessions();
    sink->let_go();
  }

  void adopt(Rules rules) {
    std::atomic<bool> done{false};
    generation_ = generation_to(sink, std::move(rules), metrics);
    workers_.front()->adopt(generation_, [&] { done = true; });
    wait_until([&] { return done.load(); });
  }

  /// Runs the control thread's work until the condition holds; fails the test if it never does.
  void wait_until(const std::function<bool()>& condition) {
    auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
      control_.restart();
      control_.poll();
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "waited in vain; " << sink->count() << " records; the log:\n" << said();
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void wait_for_records(size_t count) {
    wait_until([&] { return sink->count() >= count; });
  }
  std::string said() { return said_.str(); }
  SourceCounters& counters() { return metrics.source(config_.name, 0); }

  Metrics metrics{1};
  std::shared_ptr<ObservedSink> sink;
  std::atomic<int> ended{0};

 private:
  void stop_sessions() {
    std::atomic<bool> done{false};
    workers_.front()->stop_sessions([&] { done = true; });
    wait_until([&] { return done.load(); });
  }

  const SourceConfig config_;
  std::ostringstream said_;

 public:
  Log log{LogConfig{}, std::make_shared<spdlog::sinks::ostream_sink_mt>(said_),
          [] { return std::chrono::steady_clock::now(); }};

 private:
  asio::io_context control_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<PassedSocket> passed_;
  std::shared_ptr<const Generation> generation_;
  std::unique_ptr<Source> source_;
};

}  // namespace redactd::test
