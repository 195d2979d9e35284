#include "daemon/sinks/lane.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <string>
#include <utility>

#include "daemon/or_end.h"
#include "daemon/sinks/connect.h"

namespace redactd {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// One writev: as many buffers as Asio passes on in one call.
constexpr size_t kWriteBytes = 1 << 20;
constexpr size_t kWriteViews = 64;
// How often the kernel is asked, while nothing is written, whether the peer has it all.
constexpr Milliseconds kAcknowledgePoll{50};
// A connection that lives shorter than this did no good: the backoff goes on growing.
constexpr std::chrono::seconds kStable{1};
// How long the peer may take to answer close_notify.
constexpr Milliseconds kGoodbye{1000};

std::string why_ended(const error_code& reason) {
  return reason == asio::error::eof ? "closed by the peer" : reason.message();
}

}  // namespace

Lane::Lane(LaneContext& context, size_t first, std::function<void(size_t, size_t)> queued_changed)
    : context_(context),
      queued_changed_(std::move(queued_changed)),
      queue_(std::max<size_t>(context.config.queue_bytes / context.lanes, 1),
             context.config.when_full),
      wake_(context.home),
      backoff_pause_(context.home),
      backoff_(context.config.reconnect_min),
      random_(std::random_device()()) {
  const std::vector<Address>& addresses = context.config.endpoints;
  for (size_t i = 0; i < addresses.size(); ++i) {
    endpoints_.push_back({&addresses[(first + i) % addresses.size()], {}, {}});
  }
}

void Lane::start(const std::shared_ptr<void>& keep_alive, std::function<void()> done) {
  keep_alive_ = keep_alive;
  done_ = std::move(done);
  spawn(run(), stop_run_.slot(), &Lane::run_ended);
}

/// The lane stays until every coroutine has ended.
void Lane::spawn(Awaitable<> coroutine, const asio::cancellation_slot& slot,
                 void (Lane::*ended)()) {
  ++coroutines_;
  auto after = [this, keep_alive = keep_alive_.lock(), ended](const std::exception_ptr& thrown) {
    kOrEnd(thrown);
    (this->*ended)();
    if (--coroutines_ == 0 && ended_) done_();
  };
  asio::co_spawn(context_.home, std::move(coroutine),
                 asio::bind_cancellation_slot(slot, std::move(after)));
}

void Lane::run_ended() {
  ended_ = true;
  drop_rest();
  stop_seek_.emit(asio::cancellation_type::terminal);
}

void Lane::push(Batch batch) {
  size_t before = queue_.queued();
  size_t size = batch.size();
  Queue::Dropped dropped = queue_.push(std::move(batch));
  context_.counters.dropped_newest_records.add(dropped.newest);
  context_.counters.dropped_oldest_records.add(dropped.oldest);
  if (dropped.any() && crowded_.worth_telling(Clock::now()))
    tell(SinkEvent::Kind::queue_drops, connected_to_);
  queued_changed_(before + size, queue_.queued());
  wake();
}

void Lane::finish() {
  closing_ = true;
  if (!connection_ && (finished() || context_.config.spool.on())) return abort();
  wake();
}

void Lane::abort() {
  closing_ = aborted_ = true;
  stop_run_.emit(asio::cancellation_type::terminal);
}

bool Lane::finished() const {
  return closing_ && queue_.queued() == 0 && queue_.unacknowledged() == 0;
}

Awaitable<> Lane::run() {
  while (!finished()) {
    bool connected = co_await establish();
    if (!connected) co_return;
    co_await serve();
    if (aborted_) co_return;
    if (connection_->ended()) {
      lost();
      if (closing_ && context_.config.spool.on()) co_return;  // the spool has the rest
    } else {
      co_await leave();
    }
  }
}

/// Tries the endpoints in order until one is connected, beginning behind one that has been given
/// up: its kernel may accept connections all the same. False if there is nothing to connect for.
Awaitable<bool> Lane::establish() {
  bool wait = ever_connected_;
  while (!finished()) {
    if (wait) {
      backoff_pause_.expires_after(jittered_backoff());
      co_await backoff_pause_.async_wait(kAwait);
    }
    wait = true;
    if (first_again_) {
      adopt(0, std::exchange(first_again_, nullptr));
      co_return true;
    }
    for (size_t i = 0; i < endpoints_.size() && !finished(); ++i) {
      const size_t endpoint = (first_to_try_ + i) % endpoints_.size();
      std::shared_ptr<SinkConnection> connection = co_await attempt(endpoint);
      if (!connection) continue;
      adopt(endpoint, std::move(connection));
      co_return true;
    }
    backoff_ = std::min(backoff_ * 2, context_.config.reconnect_max);
  }
  co_return false;
}

/// Null if it failed.
Awaitable<std::shared_ptr<SinkConnection>> Lane::attempt(size_t endpoint) {
  Endpoint& to = endpoints_[endpoint];
  Connected connected =
      co_await connect(*to.address, context_.config, context_.tls, to.name, context_.home);
  if (!connected.connection) {
    failed(endpoint, connected.error);
  } else {
    spawn(watch(connected.connection), {}, &Lane::watch_ended);
  }
  co_return connected.connection;
}

void Lane::failed(size_t endpoint, std::string_view reason) {
  context_.counters.connect_failures.add();
  if (endpoints_[endpoint].outage.worth_telling(Clock::now()))
    tell(SinkEvent::Kind::connect_failed, endpoint, reason);
}

void Lane::adopt(size_t endpoint, std::shared_ptr<SinkConnection> connection) {
  connection_ = std::move(connection);
  connected_to_ = endpoint;
  connected_at_ = Clock::now();
  endpoints_[endpoint].outage.end();
  acknowledged_ = false;
  SinkCounters& counters = context_.counters;
  counters.connected.add();
  counters.down_since_ms.set(0);
  if (ever_connected_) counters.reconnects.add();
  ever_connected_ = true;
  tell(SinkEvent::Kind::connected, endpoint);
  if (!context_.config.tls.verify &&
      endpoints_[endpoint].address->transport == Address::Transport::tls) {
    tell(SinkEvent::Kind::unverified, endpoint);
  }
  connection_->on_acknowledged([this] { wake(); });  // its watch() keeps the lane
  if (endpoint == 0 || seeking_) return;
  seeking_ = true;
  spawn(seek_first(), stop_seek_.slot(), &Lane::seek_ended);
}

/// Until the connection is lost, or nothing will ever come and all has arrived.
Awaitable<> Lane::serve() {
  while (!connection_->ended()) {
    acknowledge();
    if (finished()) co_return;
    if (first_again_ && queue_.at_record_start() && queue_.unacknowledged() == 0) {
      switch_over();
    } else if (queue_.queued() == 0 || (first_again_ && queue_.at_record_start())) {
      co_await wait_for_work();
    } else if (connection_->datagrams()) {
      co_await write_record();
    } else {
      co_await write();
    }
  }
}

/// Until something comes, or it is time to ask again what has arrived.
Awaitable<> Lane::wait_for_work() {
  if (queue_.unacknowledged() > 0) {
    wake_.expires_after(kAcknowledgePoll);
  } else {
    wake_.expires_at(Timer::time_point::max());
  }
  co_await wake_.async_wait(kAwait);
}

Awaitable<> Lane::write() {
  std::shared_ptr<SinkConnection> connection = connection_;
  if (first_again_) {
    views_.assign(1, queue_.next_record());  // no further than to where it can change over
  } else {
    queue_.gather(kWriteBytes, kWriteViews, views_);
  }
  SinkConnection::Wrote wrote = co_await connection->write(views_);
  sent(wrote.bytes);
  if (wrote.error) connection->end(wrote.error);
}

Awaitable<> Lane::write_record() {
  std::shared_ptr<SinkConnection> connection = connection_;
  views_.assign(1, queue_.next_record());
  SinkConnection::Wrote wrote = co_await connection->write(views_);
  if (wrote.error == asio::error::message_size) co_return too_long();
  sent(wrote.bytes);
  if (wrote.error) connection->end(wrote.error);
}

/// No datagram can hold the record, today or tomorrow.
void Lane::too_long() {
  context_.counters.dropped_too_long_records.add();
  ++too_long_;
  tell(SinkEvent::Kind::record_too_long, connected_to_);
  sent(views_.front().size());
}

void Lane::sent(size_t bytes) {
  size_t before = queue_.queued();
  const Clock::time_point now = Clock::now();
  for (const Queue::Finished& batch : queue_.sent(bytes)) {
    context_.counters.latency.observe(std::chrono::duration<double>(now - batch.received).count(),
                                      batch.records);
  }
  queued_changed_(before, queue_.queued());
}

/// Lets go of what has arrived.
void Lane::acknowledge() {
  if (queue_.unacknowledged() == 0 || !connection_) return;
  Queue::Released released = queue_.release(connection_->unacknowledged());
  if (released.bytes > 0) acknowledged_ = true;
  count(released);
}

void Lane::count(const Queue::Released& written) {
  uint64_t too_long = std::min(too_long_, written.records);
  too_long_ -= too_long;
  context_.counters.batches.add(written.batches);
  context_.counters.records.add(written.records - too_long);
  context_.counters.bytes.add(written.bytes);
}

void Lane::lost() {
  acknowledge();
  size_t before = queue_.queued();
  queue_.rewind(connection_->unacknowledged());
  queued_changed_(before, queue_.queued());
  SinkCounters& counters = context_.counters;
  counters.connected.subtract(1);
  if (counters.connected.get() == 0) counters.note_down();
  const error_code reason = connection_->end_reason();
  // A balancer takes connections for servers that are dead.
  bool at_once = Clock::now() - connected_at_ < context_.config.connect_timeout;
  first_to_try_ = at_once || reason == asio::error::timed_out ? connected_to_ + 1 : 0;
  if (reason != asio::error::eof) counters.write_errors.add();
  tell(SinkEvent::Kind::disconnected, connected_to_, why_ended(reason));
  bool did_good = acknowledged_ && Clock::now() - connected_at_ >= kStable;
  backoff_ = did_good ? context_.config.reconnect_min
                      : std::min(backoff_ * 2, context_.config.reconnect_max);
  connection_.reset();
}

/// Everything has arrived over the old connection; what follows goes to the first endpoint again.
void Lane::switch_over() {
  asio::co_spawn(context_.home, linger(std::exchange(connection_, nullptr), context_.home), kOrEnd);
  context_.counters.connected.subtract(1);
  tell(SinkEvent::Kind::returned, 0);
  adopt(0, std::exchange(first_again_, nullptr));
}

Awaitable<> Lane::leave() {
  std::shared_ptr<SinkConnection> connection = std::exchange(connection_, nullptr);
  context_.counters.connected.subtract(1);
  co_await linger(std::move(connection), context_.home);
}

/// Says goodbye and gives the peer a moment to answer.
Awaitable<> Lane::linger(std::shared_ptr<SinkConnection> connection, IoExecutor home) {
  Timer limit(home);
  limit.expires_after(kGoodbye);
  limit.async_wait([connection](error_code error) {
    if (!error) connection->end(asio::error::timed_out);
  });
  co_await connection->say_goodbye();
  limit.cancel();
  connection->end({});
}

Awaitable<> Lane::watch(std::shared_ptr<SinkConnection> connection) {
  error_code reason = co_await connection->read_to_end();
  connection->end(reason);
  wake();
}

/// Until the first is connected again. A balancer takes connections for servers that are dead, so
/// that one has to last before anything is sent over it.
Awaitable<> Lane::seek_first() {
  Timer pause(context_.home);
  while (connected_to_ != 0 && !ended_) {
    pause.expires_after(context_.config.return_interval);
    co_await pause.async_wait(kAwait);
    if (connected_to_ == 0) co_return;
    if (!connection_) continue;  // run() tries it by itself
    std::shared_ptr<SinkConnection> connection = co_await attempt(0);
    if (!connection) continue;
    pause.expires_after(context_.config.connect_timeout);
    co_await pause.async_wait(kAwait);
    if (connected_to_ == 0 || ended_) co_return connection->end({});
    if (connection->ended()) {
      failed(0, why_ended(connection->end_reason()));
      continue;
    }
    first_again_ = std::move(connection);
    wake();
    backoff_pause_.cancel();
    co_return;
  }
}

Milliseconds Lane::jittered_backoff() {
  std::uniform_int_distribution<Milliseconds::rep> anything(0, backoff_.count());
  return Milliseconds(anything(random_));
}

void Lane::drop_rest() {
  size_t unacknowledged = queue_.unacknowledged();
  if (connection_) {
    acknowledge();
    unacknowledged = connection_->unacknowledged();
    connection_->end(asio::error::operation_aborted);
    context_.counters.connected.subtract(1);
    connection_.reset();
  }
  if (first_again_) std::exchange(first_again_, nullptr)->end({});
  Queue::Left left = queue_.left(unacknowledged);
  count(left.arrived);
  if (!context_.config.spool.on()) {  // it has them still
    context_.counters.dropped_at_exit_records.add(left.records);
    if (left.records > 0)
      tell(SinkEvent::Kind::dropped_at_exit, connected_to_,
           std::to_string(left.records) + " records");
  }
  size_t before = queue_.queued();
  queue_.abandon(context_.left_behind);
  queued_changed_(before, 0);
}

void Lane::tell(SinkEvent::Kind kind, size_t endpoint, std::string_view reason) {
  if (context_.owner.log)
    context_.owner.log({kind, to_string(*endpoints_[endpoint].address), reason});
}

}  // namespace redactd
