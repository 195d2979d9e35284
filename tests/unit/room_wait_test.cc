// Readers that wait for room in their sinks, while reloads take sinks out, room comes free and the
// end comes, in any order.

#include "daemon/sources/room_wait.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <random>
#include <thread>

#include "daemon/or_end.h"
#include "daemon/sinks/queue.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

constexpr size_t kSources = 3;
constexpr size_t kQueueBytes = 64;

/// Holds what is pushed until it is told to let go.
class HoldingSink : public Sink {
 public:
  HoldingSink() : Sink(config()), waiters_(kQueueBytes) {}

  void push(Batch batch) override { queued_.fetch_add(batch.size(), std::memory_order_relaxed); }
  void when_room(std::function<void()> wake) override {
    std::unique_lock lock(mutex_);
    if (full()) return waiters_.add(std::move(wake));
    lock.unlock();
    wake();
  }
  void close(std::chrono::steady_clock::time_point, std::function<void()> done) override { done(); }

  void let_go() {
    std::unique_lock lock(mutex_);
    queued_.store(0, std::memory_order_relaxed);
    std::vector<RoomWaiters::Wake> awake = waiters_.take(0);
    lock.unlock();
    for (const RoomWaiters::Wake& wake : awake) wake();
  }

 private:
  static SinkConfig config() {
    SinkConfig config;
    config.queue_bytes = kQueueBytes;
    config.framing = Framing::newline;
    return config;
  }

  std::mutex mutex_;
  RoomWaiters waiters_;
};

/// There is always something to read for it.
class Reader : public Session, public std::enable_shared_from_this<Reader> {
 public:
  Reader(const StreamSettings& settings, Worker& worker, SourceCounters& counters,
         std::atomic<uint64_t>& reads)
      : worker_(worker),
        reads_(reads),
        number_(worker.enlist(*this)),
        stream_(settings, worker.generation(), worker.stream_thread(), counters, number_),
        room_(worker, counters) {}
  ~Reader() override { worker_.retire(number_); }

  void start() { asio::co_spawn(worker_.context(), run(shared_from_this()), kOrEnd); }
  void tick(std::chrono::steady_clock::time_point) override {}
  void adopt() override {
    stream_.adopt(worker_.generation());
    room_.adopted(stream_.route());
  }
  void stop() override {
    stopped_ = true;
    room_.stop();
  }
  const Stream& stream() const { return stream_; }

 private:
  static Awaitable<void> run(std::shared_ptr<Reader> self) {
    while (true) {
      co_await self->room_.wait(self->stream_, self->weak_from_this());
      if (self->stopped_) co_return;
      self->stream_.feed("a record\n", {});
      self->reads_.fetch_add(1);
      co_await asio::post(self->worker_.context(), kAwait);
    }
  }

  Worker& worker_;
  std::atomic<uint64_t>& reads_;
  const uint64_t number_;
  Stream stream_;
  RoomWait room_;
  bool stopped_ = false;
};

using Sinks = std::vector<std::shared_ptr<HoldingSink>>;

/// A worker with a reader for each source, and configurations made at random.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    for (size_t i = 0; i < kSources; ++i) settings_[i].source = i;
  }

  /// Each source has some sinks; some are those of before.
  std::shared_ptr<const Generation> next_generation() {
    auto made = std::make_shared<Generation>();
    made->number = ++number_;
    made->rules = rules_;
    made->redactions = {{&metrics_.redactions("known", 0)}};
    for (Sinks& sinks : in_force_) {
      if (!sinks.empty() && chance(2)) sinks.erase(sinks.begin());
      while (sinks.empty() || chance(3)) {
        if (all_.empty() || chance(2)) all_.push_back(std::make_shared<HoldingSink>());
        sinks.push_back(all_[random_() % all_.size()]);
      }
      std::sort(sinks.begin(), sinks.end());
      sinks.erase(std::unique(sinks.begin(), sinks.end()), sinks.end());
      Route& route = made->routes.emplace_back();
      for (const auto& sink : sinks) route.add(sink);
    }
    return made;
  }

  /// On the worker's thread.
  void start_readers() {
    for (size_t i = 0; i < kSources; ++i) {
      auto reader =
          std::make_shared<Reader>(settings_[i], worker, metrics_.source("in", 0), reads[i]);
      reader->start();
      readers[i] = reader;
    }
  }

  bool chance(unsigned one_in) { return random_() % one_in == 0; }
  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  const Sinks& sinks() const { return all_; }
  uint64_t number() const { return number_; }

 private:
  std::mt19937 random_;
  const Rules rules_ = known_values({"no-such-thing-here"});
  Metrics metrics_{1};
  Log log_{{}, std::make_shared<spdlog::sinks::null_sink_mt>(), [] {
             return std::chrono::steady_clock::now();
           }};
  std::array<StreamSettings, kSources> settings_;
  std::array<Sinks, kSources> in_force_;
  Sinks all_;  // that there ever were
  uint64_t number_ = 0;

 public:
  std::array<std::atomic<uint64_t>, kSources> reads = {};
  std::array<std::weak_ptr<Reader>, kSources> readers;
  Worker worker{0, metrics_.worker(0), log_};
};

/// Readers stand still where a sink of theirs is full, and nowhere else.
void expect_readers_wait_for_room(World& world, unsigned seed) {
  for (const std::weak_ptr<Reader>& weak : world.readers) {
    std::shared_ptr<Reader> reader = weak.lock();
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->stream().generation().number, world.number()) << "seed " << seed;
    EXPECT_NE(reader->stream().route().full(), nullptr) << "seed " << seed;
  }
}

TEST(RoomWait, EndsWithRoomAReloadOrTheEndInWhateverOrderTheyCome) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    World world(seed);
    asio::io_context& context = world.worker.context();  // no thread runs it but this one
    world.worker.adopt(world.next_generation(), [] {});
    context.poll();
    world.start_readers();
    for (int i = 0; i < 60; ++i) {
      switch (world.below(3)) {
        case 0:
          world.worker.adopt(world.next_generation(), [] {});
          break;
        case 1:
          world.sinks()[world.below(static_cast<unsigned>(world.sinks().size()))]->let_go();
          break;
        default:
          for (unsigned steps = world.below(40); steps > 0; --steps) context.poll_one();
      }
    }
    context.poll();
    expect_readers_wait_for_room(world, seed);
    for (const auto& sink : world.sinks()) sink->let_go();
    std::array<uint64_t, kSources> before;
    std::copy(world.reads.begin(), world.reads.end(), before.begin());
    context.poll();
    for (size_t i = 0; i < kSources; ++i) EXPECT_GT(world.reads[i], before[i]) << "seed " << seed;

    bool ended = false;
    if (world.chance(2)) world.worker.adopt(world.next_generation(), [] {});
    if (world.chance(2)) world.sinks().back()->let_go();
    for (unsigned steps = world.below(10); steps > 0; --steps) context.poll_one();
    world.worker.stop_sessions([&] { ended = true; });
    if (world.chance(2)) world.worker.adopt(world.next_generation(), [] {});
    context.poll();
    EXPECT_TRUE(ended) << "seed " << seed;
    for (const std::weak_ptr<Reader>& reader : world.readers) EXPECT_TRUE(reader.expired());
    for (const auto& sink : world.sinks()) sink->let_go();  // to readers that are no more
    context.poll();
    if (HasFailure()) return;
  }
}

TEST(RoomWait, EndsAsWellWhereSinksReloadsAndReadersHaveThreadsOfTheirOwn) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    World world(seed);
    world.worker.start(world.next_generation());
    asio::post(world.worker.context(), [&] { world.start_readers(); });
    for (int i = 0; i < 50; ++i) {
      const Sinks sinks = world.sinks();
      std::thread writer([&sinks] {
        for (const auto& sink : sinks) sink->let_go();
      });
      world.worker.adopt(world.next_generation(), [] {});
      if (world.chance(4)) std::this_thread::sleep_for(std::chrono::microseconds(200));
      writer.join();
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (const std::atomic<uint64_t>& reads : world.reads) {
      const uint64_t before = reads;
      while (reads < before + kQueueBytes) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "seed " << seed;
        for (const auto& sink : world.sinks()) sink->let_go();
      }
    }
    std::promise<void> ended;
    world.worker.adopt(world.next_generation(), [] {});
    world.worker.stop_sessions([&] { ended.set_value(); });
    for (const auto& sink : world.sinks()) sink->let_go();
    ASSERT_EQ(ended.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  }
}

}  // namespace
}  // namespace redactd::test
