#pragma once

// One queue and the connection that empties it. A sink with failover has one lane; with round robin
// it has one an endpoint, each with the endpoint list rotated, so that a stream keeps its lane and
// its order, and the lanes of a dead endpoint go to the next.
//
// Everything here happens on the home thread. Three coroutines: run() connects and writes; watch()
// waits for the peer's end of a connection; seek_first(), while another than the first endpoint is
// connected, tries the first now and then.

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "daemon/await.h"
#include "daemon/sinks/name_lookup.h"
#include "daemon/sinks/outage.h"
#include "daemon/sinks/queue.h"
#include "daemon/sinks/sink.h"
#include "daemon/sinks/sink_connection.h"
#include "daemon/sinks/tls_client.h"

namespace redactd {

/// What the lanes of a sink have in common. Lives as long as they do.
struct LaneContext {
  const SinkConfig& config;
  IoExecutor home;
  SinkCounters& counters;
  const SinkOwner& owner;
  std::shared_ptr<TlsClient> tls;  // replaced when certificates are read again; may be null
  size_t lanes = 1;
  std::vector<std::shared_ptr<void>> left_behind = {};  // receipts of what was dropped at the end
};

class Lane {
 public:
  /// `first`: the endpoint to begin with. `queued_changed` is called with what was queued before
  /// and is now.
  Lane(LaneContext& context, size_t first, std::function<void(size_t, size_t)> queued_changed);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Connects and goes on until finish() or abort(), then calls `done`, after which the lane may be
  /// destroyed, though not by the call itself. `keep_alive` owns the lane.
  void start(const std::shared_ptr<void>& keep_alive, std::function<void()> done);
  void push(Batch batch);
  /// Ends once everything is written and acknowledged.
  void finish();
  /// Ends now. What is left is dropped and counted.
  void abort();

 private:
  struct Endpoint {
    const Address* address = nullptr;
    NameLookup name;
    Outage outage;
  };

  Awaitable<> run();
  Awaitable<bool> establish();
  Awaitable<std::shared_ptr<SinkConnection>> attempt(size_t endpoint);
  void failed(size_t endpoint, std::string_view reason);
  void adopt(size_t endpoint, std::shared_ptr<SinkConnection> connection);
  Awaitable<> serve();
  Awaitable<> write();
  Awaitable<> write_record();
  Awaitable<> wait_for_work();
  void too_long();
  void sent(size_t bytes);
  void acknowledge();
  void count(const Queue::Released& written);
  void lost();
  void switch_over();
  Awaitable<> leave();
  Awaitable<> seek_first();
  Awaitable<> watch(std::shared_ptr<SinkConnection> connection);
  static Awaitable<> linger(std::shared_ptr<SinkConnection> connection, IoExecutor home);

  void spawn(Awaitable<> coroutine, const boost::asio::cancellation_slot& slot,
             void (Lane::*ended)());
  void run_ended();
  void seek_ended() { seeking_ = false; }
  void watch_ended() {}
  void wake() { wake_.cancel(); }
  bool finished() const;
  Milliseconds jittered_backoff();
  void drop_rest();
  void tell(SinkEvent::Kind kind, size_t endpoint, std::string_view reason = {});

  LaneContext& context_;
  const std::function<void(size_t, size_t)> queued_changed_;
  std::vector<Endpoint> endpoints_;  // the first to try is the first
  Queue queue_;
  Timer wake_;           // run() waits for work on it,
  Timer backoff_pause_;  // and here before it tries again
  std::vector<std::string_view> views_;

  std::weak_ptr<void> keep_alive_;
  std::function<void()> done_;
  size_t coroutines_ = 0;                       // that are alive
  std::shared_ptr<SinkConnection> connection_;  // null while there is none
  size_t connected_to_ = 0;
  size_t first_to_try_ = 0;
  Outage crowded_;  // the queue, so that records are dropped
  std::chrono::steady_clock::time_point connected_at_;
  bool acknowledged_ = false;  // this connection took something
  uint64_t too_long_ = 0;      // records among those that are not released yet
  bool ever_connected_ = false;
  std::shared_ptr<SinkConnection> first_again_;  // found by seek_first()
  bool seeking_ = false;
  bool closing_ = false;
  bool aborted_ = false;
  bool ended_ = false;  // run() is over
  Milliseconds backoff_;
  std::minstd_rand random_;
  boost::asio::cancellation_signal stop_run_;
  boost::asio::cancellation_signal stop_seek_;
};

}  // namespace redactd
