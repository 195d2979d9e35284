#include "daemon/sinks/stream_sink.h"

#include <sys/un.h>
#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

namespace redactd {
namespace {

bool uses_tls(const SinkConfig& config) {
  return std::any_of(config.endpoints.begin(), config.endpoints.end(), [](const Address& address) {
    return address.transport == Address::Transport::tls;
  });
}

/// Who it is that says that a record has arrived: nobody, the peer's kernel, or its program.
unsigned delivery_level(const SinkConfig& config) {
  if (config.type == SinkConfig::Type::relp) return 2;
  return config.endpoints.front().transport == Address::Transport::unix_datagram ? 0 : 1;
}

/// Null if no endpoint needs it.
std::shared_ptr<TlsClient> make_tls(const SinkConfig& config) {
  return uses_tls(config) ? std::make_shared<TlsClient>(config.tls) : nullptr;
}

void check_paths(const SinkConfig& config) {
  for (const Address& address : config.endpoints) {
    if (address.path.size() >= sizeof(sockaddr_un::sun_path)) {
      throw std::runtime_error("the path of a Unix socket is at most " +
                               std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                               " bytes long: " + address.path);
    }
  }
}

}  // namespace

std::shared_ptr<StreamSink> StreamSink::start(const SinkConfig& config,
                                              boost::asio::io_context& home, SinkCounters& counters,
                                              SinkOwner owner) {
  check_paths(config);
  std::shared_ptr<StreamSink> sink(new StreamSink(config, home, counters, std::move(owner)));
  boost::asio::post(home, [sink] { sink->start_lanes(); });
  return sink;
}

StreamSink::StreamSink(const SinkConfig& config, boost::asio::io_context& home,
                       SinkCounters& counters, SinkOwner owner)
    : Sink(config),
      home_(home),
      owner_(std::move(owner)),
      context_{config_,
               home.get_executor(),
               counters,
               owner_,
               nullptr,
               config_.balance == SinkConfig::Balance::round_robin ? config_.endpoints.size() : 1},
      waiters_(config_.queue_bytes) {
  context_.tls = make_tls(config_);
  for (size_t i = 0; i < context_.lanes; ++i) {
    lanes_.push_back(std::make_unique<Lane>(
        context_, i, [this](size_t before, size_t now) { queued_changed(before, now); }));
  }
}

void StreamSink::start_lanes() {
  SinkCounters& counters = context_.counters;
  counters.note_down();
  counters.delivery_level.set(delivery_level(config_));
  counters.unverified_tls.set(context_.tls && !config_.tls.verify ? 1 : 0);
  running_ = lanes_.size();
  for (std::unique_ptr<Lane>& lane : lanes_) {
    lane->start(shared_from_this(), [this] { lane_ended(); });
  }
}

void StreamSink::push(Batch batch) {
  queued_.fetch_add(batch.size(), std::memory_order_relaxed);
  boost::asio::dispatch(home_, [self = shared_from_this(), batch = std::move(batch)]() mutable {
    self->accept(std::move(batch));
  });
}

void StreamSink::accept(Batch batch) {
  if (batch.canary) {
    queued_changed(batch.size(), 0);
    return (*batch.canary)(batch.encoded->bytes);
  }
  if (lanes_.empty()) {  // closed
    queued_changed(batch.size(), 0);
    context_.left_behind.push_back(std::move(batch.receipt));
    return context_.counters.dropped_at_exit_records.add(batch.encoded->ends.size());
  }
  size_t lane = batch.stream % lanes_.size();
  lanes_[lane]->push(std::move(batch));
}

void StreamSink::queued_changed(size_t before, size_t now) {
  size_t queued = queued_.fetch_add(now - before, std::memory_order_relaxed) + now - before;
  context_.counters.queued_bytes.set(queued);
  for (const RoomWaiters::Wake& wake : waiters_.take(queued)) wake();
}

void StreamSink::when_room(std::function<void()> wake) {
  boost::asio::dispatch(home_, [self = shared_from_this(), wake = std::move(wake)]() mutable {
    if (self->full()) return self->waiters_.add(std::move(wake));
    wake();
  });
}

void StreamSink::reopen() {
  if (!uses_tls(config_)) return;
  std::shared_ptr<TlsClient> tls;
  std::string failure;
  try {
    tls = make_tls(config_);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  boost::asio::post(home_, [self = shared_from_this(), tls, failure] {
    if (!tls) return self->tell(SinkEvent::Kind::certificates_failed, failure);
    self->context_.tls = tls;
    self->tell(SinkEvent::Kind::certificates_read, {});
  });
}

void StreamSink::close(std::chrono::steady_clock::time_point deadline, std::function<void()> done) {
  boost::asio::post(home_, [self = shared_from_this(), deadline, done = std::move(done)]() mutable {
    self->start_closing(deadline, std::move(done));
  });
}

void StreamSink::start_closing(std::chrono::steady_clock::time_point deadline,
                               std::function<void()> done) {
  done_ = std::move(done);
  deadline_ = std::make_unique<Timer>(home_.get_executor(), deadline);
  deadline_->async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error) return;
    for (std::unique_ptr<Lane>& lane : self->lanes_) lane->abort();
  });
  for (std::unique_ptr<Lane>& lane : lanes_) lane->finish();
}

void StreamSink::lane_ended() {
  if (--running_ > 0) return;
  boost::asio::post(home_, [self = shared_from_this()] {
    self->deadline_.reset();  // nothing of ours may outlive home
    self->lanes_.clear();
    std::exchange(self->done_, nullptr)();
  });
}

void StreamSink::tell(SinkEvent::Kind kind, std::string_view reason) {
  if (owner_.log) owner_.log({kind, config_.name, reason});
}

}  // namespace redactd
