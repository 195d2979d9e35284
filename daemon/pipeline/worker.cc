#include "daemon/pipeline/worker.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <pthread.h>
#include <string.h>

#include <array>
#include <string>

#include "daemon/or_end.h"
#include "filters/give_back.h"

namespace redactd {
namespace {

constexpr std::chrono::seconds kTick{1};
// Sessions looked at before the data path gets its turn again.
constexpr size_t kSlice = 64;
constexpr int kNumberBits = 48;  // of a stream's number; its worker's stand above

/// What was read through it does not stay until something else is.
void overwrite(WipedBuffer& buffer) {
  if (!buffer.empty()) explicit_bzero(buffer.data(), buffer.size());
}

/// Nor does what functions that have returned left below the caller's frame.
[[gnu::noinline]] void overwrite_stack() {
  std::array<char, 64 * 1024> below;
  explicit_bzero(below.data(), below.size());
}

}  // namespace

Worker::Worker(size_t number, WorkerCounters& counters, Log& log, int looks)
    : number_(number),
      counters_(counters),
      log_(log),
      looks_(looks),
      read_buffer_(kReadBytes),
      next_number_(uint64_t{number} << kNumberBits),
      busy_(context_.get_executor()) {}

Worker::~Worker() { join(); }

void Worker::start(std::shared_ptr<const Generation> generation) {
  generation_ = std::move(generation);
  for (const auto& database : generation_->rules->databases()) scratch_.fit(*database);
  asio::co_spawn(context_, keep_time(), kOrEnd);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), ("redactd-" + std::to_string(number_)).c_str());
    context_.run();
  });
}

void Worker::adopt(std::shared_ptr<const Generation> generation, std::function<void()> done) {
  {
    std::lock_guard lock(adopting_mutex_);
    adopting_.push_back({std::move(generation), std::move(done)});
  }
  asio::post(context_, [this] { adopt_now(); });
}

void Worker::adopt_now() {
  std::vector<Adopting> taken;
  {
    std::lock_guard lock(adopting_mutex_);
    taken.swap(adopting_);
  }
  if (taken.empty()) return;
  generation_ = std::move(taken.back().generation);
  for (const auto& database : generation_->rules->databases()) scratch_.fit(*database);
  for (const Adopting& each : taken) each.done();
  asio::co_spawn(context_, each_session([](Session& session) { session.adopt(); }), kOrEnd);
}

void Worker::tell_records_dropped() {
  asio::post(context_, [this] {
    asio::co_spawn(context_, each_session([](Session& session) { session.records_dropped(); }),
                   kOrEnd);
  });
}

void Worker::stop_sessions(std::function<void()> done) {
  asio::post(context_, [this, done = std::move(done)]() mutable {
    stopping_ = true;
    all_ended_ = std::move(done);
    if (sessions_.empty()) return std::exchange(all_ended_, nullptr)();
    asio::co_spawn(context_, each_session([](Session& session) { session.stop(); }), kOrEnd);
  });
}

void Worker::join() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
  generation_.reset();
}

uint64_t Worker::enlist(Session& session) {
  uint64_t number = next_number_++;
  sessions_.emplace(number, &session);
  return number;
}

void Worker::retire(uint64_t number) {
  sessions_.erase(number);
  if (sessions_.empty() && all_ended_) std::exchange(all_ended_, nullptr)();
}

Awaitable<void> Worker::keep_time() {
  Timer timer(context_.get_executor());
  for (int look = 1;; ++look) {
    timer.expires_after(std::chrono::steady_clock::duration(kTick) / looks_);
    co_await timer.async_wait(kAwait);
    auto now = std::chrono::steady_clock::now();
    co_await each_session([now](Session& session) { session.end_late(now); });
    if (look < looks_) continue;
    look = 0;
    counters_.loop_ticks.add();
    // Nobody has borrowed them now: that ends before the next wait.
    overwrite(buffers_.spare.records);
    overwrite(read_buffer_);
    co_await each_session([now](Session& session) { session.tick(now); });
    // Overwritten a second after the last stream has used them, at the latest.
    give_back(buffers_.spare.records);
    give_back(buffers_.spare.output);
    give_back(buffers_.ends);
    share_.forget();
    overwrite_stack();
  }
}

/// In slices, for ten thousand sessions must not hold up the data. Sessions may come and go between
/// them.
Awaitable<void> Worker::each_session(std::function<void(Session&)> act) {
  uint64_t next = 0;
  while (true) {
    auto session = sessions_.lower_bound(next);
    for (size_t i = 0; i < kSlice && session != sessions_.end(); ++i) {
      next = session->first + 1;
      act(*session->second);
      session = sessions_.lower_bound(next);  // act() may have ended it
    }
    if (session == sessions_.end()) co_return;
    co_await asio::post(context_, asio::use_awaitable_t<IoExecutor>{});
  }
}

}  // namespace redactd
