#include "daemon/sources/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <exception>
#include <new>
#include <utility>

#include "daemon/or_end.h"
#include "daemon/sources/idle_time.h"
#include "daemon/sources/turns.h"
#include "daemon/tls/tls.h"
#include "daemon/tls/tls_failure.h"

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;
// How long a RELP connection that ends waits for its records to be safe, and how often it looks.
constexpr std::chrono::seconds kLastAnswers{2};
constexpr std::chrono::milliseconds kAnswerPoll{10};
// Commands without an answer, and bytes of answers that the peer does not take: then it is not read
// on. librelp itself has no more than 128 commands on their way.
constexpr size_t kMostUnanswered = 16 * 1024;
constexpr size_t kMostAnswers = 64 * 1024;

/// What to do about it.
std::string_view remedy(FrameError error) {
  switch (error) {
    case FrameError::tls_handshake:
      return "let the source listen on tls://, or the client speak without TLS";
    case FrameError::proxy_header:
      return "turn the PROXY protocol off in the balancer";
    case FrameError::bad_relp:
      return "let the client speak RELP, or give the source another type; a record is at most "
             "max_frame long";
    case FrameError::bad_relp_number:
      return "correct the client: RELP numbers its commands without a gap";
    case FrameError::count_too_large:
      return "raise max_frame of the source if its client counts; else set its framing";
    default:
      return "set the framing that the client uses (newline, nul, octet-counting) in the source";
  }
}

}  // namespace

Connection::Connection(std::shared_ptr<ConnectionSource> source, Worker& worker,
                       StreamSocket socket, std::shared_ptr<TlsContext> tls, std::string peer)
    : source_(std::move(source)),
      worker_(worker),
      counters_(source_->setup.metrics.source(source_->setup.config.name, worker.number())),
      number_(worker.enlist(*this)),
      peer_(std::move(peer)),
      socket_(std::move(socket)),
      tls_context_(std::move(tls)),
      wake_(worker.context().get_executor()),
      room_(worker, counters_),
      pace_(source_->setup.config.rate, Clock::now()),
      last_read_(Clock::now()) {
  counters_.connections.add();
  counters_.connections_open.add();
}

Connection::~Connection() {
  if (safe_) safe_->close();
  stream_.reset();
  counters_.connections_open.subtract(1);
  source_->open.fetch_sub(1, std::memory_order_relaxed);
  worker_.retire(number_);
}

void Connection::start() {
  const SourceConfig& config = source_->setup.config;
  if (config.type == SourceConfig::Type::relp) {
    relp_.emplace(config.max_frame);
    safe_ = std::make_shared<SafeCommands>(worker_.context(), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->answer();
    });
  }
  asio::co_spawn(worker_.context(), run(shared_from_this()), asio::detached);
}

Awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
  boost::system::error_code ignored;
  self->socket_.non_blocking(true, ignored);
  if (self->tls_context_ && !co_await self->shake_hands()) co_return;
  if (self->stopped_ || self->worker_.stopping()) co_return;
  const char* failure = nullptr;
  try {
    self->stream_.emplace(self->source_->setup.settings, self->worker_.generation(),
                          self->worker_.stream_thread(), self->counters_, self->number_);
    co_await self->read();
    self->finish();
    if (self->relp_) co_await self->until_answered();
  } catch (const MatchError&) {
    failure = "the matcher failed";
  } catch (const std::bad_alloc&) {
    failure = "out of memory";
  } catch (const std::exception&) {  // what it says may be a record's
    failure = "an error while redacting";
  }
  if (failure != nullptr) {
    self->worker_.counters().engine_errors.add();
    self->worker_.log().error("connection closed, what it had sent last is held back",
                              {{"source", configured(self->source_->setup.config.name)},
                               {"peer", peer(self->peer_)},
                               {"cause", label(failure)}});
  }
  if (self->tls_) co_await self->say_goodbye();
  self->close();
}

/// end_late() ends it when it takes too long.
Awaitable<bool> Connection::shake_hands() {
  const SourceConfig& config = source_->setup.config;
  tls_.emplace(socket_, *tls_context_, TlsSession::Role::server);
  boost::system::error_code error = co_await tls_->shake_hands();
  if (error) {
    // redactd stops, or its patience is over.
    bool late = Clock::now() - last_read_ > config.handshake_timeout;
    if (late || !stopped_) handshake_failed(error);
    co_return false;
  }
  bool anonymous = SSL_get0_peer_certificate(tls_->native_handle()) == nullptr;
  if (!config.tls.peer_names.empty() && !anonymous &&
      !peer_has_name(tls_->native_handle(), config.tls.peer_names)) {
    refuse_name();
    co_return false;
  }
  last_read_ = Clock::now();
  co_return true;
}

void Connection::handshake_failed(const boost::system::error_code& error) {
  const TlsFailure failure = tls_failure(tls_->native_handle(), error);
  counters_.handshake_failures[static_cast<size_t>(failure)].add();
  worker_.log().warning("TLS handshake failed",
                        {{"source", configured(source_->setup.config.name)},
                         {"peer", peer(peer_)},
                         {"error", error_text(tls_failure_text(tls_->native_handle(), error))},
                         {"cause", label(to_string(failure))}});
}

void Connection::refuse_name() {
  counters_.handshake_failures[static_cast<size_t>(TlsFailure::wrong_name)].add();
  worker_.log().warning("TLS peer refused: its certificate bears none of the names in peer_names",
                        {{"source", configured(source_->setup.config.name)},
                         {"peer", peer(peer_)},
                         {"names", peer(peer_names_text(tls_->native_handle()))}});
}

/// Reads without waiting as long as there is something: batches are what is ready.
Awaitable<void> Connection::read() {
  // A connection that is silent has no memory to read into. With its handshake a client may have
  // sent records, which no socket tells of any more.
  bool ready = tls_.has_value();
  int in_a_row = 0;
  int last_reads = 0;
  while (!stopped_ || ++last_reads <= kLastReads) {
    if (!ready && !stopped_) co_await until_readable();
    co_await until_room();
    if (relp_) co_await until_heard();
    if (stopped_ && stream_->route().full() != nullptr) co_return;
    boost::system::error_code error;
    stream_->borrow_buffers();
    std::span<char> room = relp_ ? worker_.read_buffer() : stream_->room(worker_.read_bytes());
    size_t size = read_some(room.first(pace_.piece(room.size())), error);
    ready = error != asio::error::would_block;
    if (error) stream_->return_buffers();
    if (!ready) {
      if (stopped_) co_return;
      in_a_row = 0;
      continue;
    }
    if (error) {
      if (error != asio::error::eof) counters_.read_errors.add();
      co_return;
    }
    if (!take({room.data(), size})) co_return;
    co_await until_allowed(size);
    if (!socket_.is_open()) co_return;
    if (++in_a_row % kReadsInARow == 0) co_await asio::post(worker_.context(), kAwait);
  }
}

Awaitable<void> Connection::until_readable() {
  if (tls_) {
    co_await tls_->until_ready();
  } else {
    co_await socket_.async_wait(StreamSocket::wait_read, kAwait);
  }
}

size_t Connection::read_some(std::span<char> room, boost::system::error_code& error) {
  return tls_ ? tls_->read_some(room, error)
              : socket_.read_some(asio::buffer(room.data(), room.size()), error);
}

/// close_notify, RFC 5425 §4.4. The peer's answer is waited for unless the daemon ends; end_late()
/// ends that wait when it takes too long.
Awaitable<void> Connection::say_goodbye() {
  if (stopped_) {
    tls_->say_goodbye();
    co_return;
  }
  last_read_ = Clock::now();
  stopped_ = true;
  co_await tls_->part();
}

/// The stream has borrowed its buffer, and gives it back. False: the connection has to be closed.
bool Connection::take(std::string_view bytes) {
  last_read_ = Clock::now();
  trimmed_ = false;
  stream_->adopt(worker_.generation());
  const uint64_t before = held_bytes();
  FrameError error = relp_ ? feed(bytes) : stream_->feed(bytes, last_read_);
  stream_->return_buffers();
  if (before == 0 || held_bytes() < before + bytes.size()) last_record_ = last_read_;
  if (error == FrameError::none) return true;
  worker_.log().warning("connection closed: its framing is wrong",
                        {{"source", configured(source_->setup.config.name)},
                         {"peer", peer(peer_)},
                         {"cause", label(to_string(error))},
                         {"remedy", label(remedy(error))}});
  return false;
}

/// Of a record whose end has not come.
uint64_t Connection::held_bytes() const {
  return stream_->held_bytes() + (relp_ ? relp_->held_bytes() : 0);
}

/// Of RELP. The receipt answers the commands when every sink has their records.
FrameError Connection::feed(std::string_view bytes) {
  RelpReceiver::Taken taken = relp_->take(bytes);
  if (!taken.commands.empty()) {
    auto receipt = std::make_shared<RelpReceipt>(safe_, std::move(taken.commands));
    stream_->feed(taken.records, last_read_, receipt);
  }
  answer();
  if (taken.error != FrameError::none)
    counters_.frame_errors[static_cast<size_t>(taken.error)].add();
  return taken.error;
}

void Connection::answer() {
  relp_->safe(safe_->take());
  answers_ += relp_->answers();
  if (answers_.empty() || answering_ || deaf_) return;
  answering_ = true;
  asio::co_spawn(worker_.context(), write_answers(shared_from_this()), kOrEnd);
}

Awaitable<void> Connection::write_answers(std::shared_ptr<Connection> self) {
  while (!self->answers_.empty() && !self->deaf_) {
    const std::string now = std::exchange(self->answers_, {});
    size_t written = 0;
    boost::system::error_code failed;
    if (self->tls_) {
      failed = co_await self->tls_->write(now);
    } else {
      auto [error, size] = co_await asio::async_write(self->socket_, asio::buffer(now), kAwait);
      failed = error;
      written = size;
    }
    // stop() cancels it together with the read, which it is about.
    bool cancelled = failed == asio::error::operation_aborted && !self->tls_;
    if (cancelled && self->socket_.is_open()) {
      self->answers_.insert(0, now, written);
    } else {
      self->deaf_ = static_cast<bool>(failed);
    }
  }
  self->answering_ = false;
}

/// The peer sends again what has no answer, so that it is worth a moment.
Awaitable<void> Connection::until_answered() {
  const Time limit = Clock::now() + kLastAnswers;
  while (Clock::now() < limit && socket_.is_open() && !deaf_ &&
         (relp_->unanswered() > 0 || answering_)) {
    wake_.expires_after(kAnswerPoll);
    co_await sleep();
  }
}

Awaitable<void> Connection::until_room() {
  if (stream_->route().full() == nullptr) co_return;
  waiting_ = true;
  co_await room_.wait(*stream_, weak_from_this());
  waiting_ = false;
  last_read_ = last_record_ = Clock::now();
}

/// A peer that asks and does not listen has no memory for that here. It counts as idle, unless it
/// is a sink that holds its answers up.
Awaitable<void> Connection::until_heard() {
  while (!stopped_ && !deaf_ &&
         (answers_.size() > kMostAnswers || relp_->unanswered() > kMostUnanswered)) {
    waiting_ = answers_.size() <= kMostAnswers;
    wake_.expires_after(kAnswerPoll);
    co_await sleep();
    if (waiting_) last_read_ = last_record_ = Clock::now();
  }
  waiting_ = false;
}

Awaitable<void> Connection::until_allowed(size_t bytes) {
  if (!pace_.limited() || stopped_) co_return;
  auto delay = pace_.take(bytes, Clock::now());
  if (delay <= Clock::duration::zero()) co_return;
  counters_.rate_delays.add();
  waiting_ = true;
  wake_.expires_after(delay);
  co_await sleep();
  waiting_ = false;
  last_read_ = last_record_ = Clock::now();
}

Awaitable<void> Connection::sleep() { co_await wake_.async_wait(kAwait); }

void Connection::finish() {
  stream_->adopt(worker_.generation());
  stream_->finish(Clock::now());
}

void Connection::tick(Time) {
  if (!stream_ || stopped_ || waiting_) return;
  if (!std::exchange(trimmed_, true)) stream_->trim();
}

void Connection::end_late(Time now) {
  const SourceConfig& config = source_->setup.config;
  if (!stream_ || stopped_) {  // in a handshake, or in the farewell of one
    if (tls_context_ && now - last_read_ > config.handshake_timeout) close();
    return;
  }
  if (waiting_) return;
  // It waits for a sink.
  if (relp_ && relp_->unanswered() > 0) last_read_ = last_record_ = now;
  // Who sends a byte now and then and ends no record does not keep its place for that.
  const bool within = held_bytes() > 0;
  const Time last = within ? last_record_ : last_read_;
  const Milliseconds longest =
      longest_idle(config, within, source_->open.load(std::memory_order_relaxed));
  if (longest.count() > 0 && now - last > longest) {
    counters_.idle_closed.add();
    stop();
  }
}

void Connection::adopt() {
  if (!stream_ || stopped_) return;
  try {
    stream_->adopt(worker_.generation());
    room_.adopted(stream_->route());
  } catch (const std::exception&) {
    close();  // the stream has failed, and its reader will find so
  }
}

void Connection::stop() {
  if (stopped_) return;
  stop_waits();
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  if (!stream_) close();
}

/// Answers come in order, so that none would come any more: the peer sends what has none again over
/// its next connection.
void Connection::records_dropped() {
  if (!relp_ || relp_->unanswered() == 0 || stopped_) return;
  worker_.log().info(
      "connection ends: records that it waits for were dropped; its peer sends them again",
      {{"source", configured(source_->setup.config.name)}, {"peer", peer(peer_)}});
  stop();
}

void Connection::stop_waits() {
  stopped_ = true;
  wake_.cancel();
  room_.stop();
}

void Connection::close() {
  stop_waits();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace redactd
