#include "daemon/sinks/sink_connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/framing/encoding.h"

namespace redactd {
namespace {

using boost::system::error_code;
namespace asio = boost::asio;

// The largest TLS record (RFC 8446 §5.1).
constexpr size_t kTlsRecord = 16 * 1024;

size_t output_queue(int descriptor) {
  int bytes = 0;
  if (ioctl(descriptor, SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<size_t>(bytes);
}

template <typename Stream>
Awaitable<error_code> discard_input(Stream& stream) {
  std::array<char, 4096> discarded;
  while (true) {
    Received received = co_await receive(stream, discarded);
    if (received.error) co_return received.error;
  }
}

class PlainConnection final : public SinkConnection {
 public:
  PlainConnection(StreamSocket socket, bool local) : socket_(std::move(socket)), local_(local) {}

  Awaitable<Wrote> write(std::span<const std::string_view> views) override {
    buffers_.clear();
    for (std::string_view view : views) buffers_.emplace_back(view.data(), view.size());
    auto [error, size] =
        co_await socket_.async_write_some(std::span<const asio::const_buffer>(buffers_), kAwait);
    co_return Wrote{error, size};
  }

  Awaitable<error_code> read_to_end() override { return discard_input(socket_); }

  Awaitable<> say_goodbye() override {
    error_code ignored;
    socket_.shutdown(StreamSocket::shutdown_send, ignored);
    co_return;
  }

 private:
  /// A Unix socket that its peer has closed tells nothing any more: there the last answer counts.
  size_t ask_unacknowledged(size_t before) override {
    return local_ && ended() ? before : output_queue(socket_.native_handle());
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

  StreamSocket socket_;
  const bool local_;
  std::vector<asio::const_buffer> buffers_;
};

class TlsConnection final : public SinkConnection {
 public:
  explicit TlsConnection(std::unique_ptr<TlsStream> stream) : stream_(std::move(stream)) {}

  /// Until all is written or the socket was full for a while.
  Awaitable<Wrote> write(std::span<const std::string_view> views) override {
    Wrote wrote;
    while (!views.empty()) {
      std::string_view bytes = take_front(views);
      TlsSession::Wrote some = co_await stream_->session.write_some(bytes);
      wrote.bytes += some.bytes;
      wrote.error = some.error;
      if (some.bytes < bytes.size()) break;
    }
    // Others get their turn: as long as the socket takes it, nothing here has waited.
    co_await asio::post(stream_->socket.get_executor(), kAwait);
    co_return wrote;
  }

  Awaitable<error_code> read_to_end() override { return discard_input(*stream_); }

  Awaitable<> say_goodbye() override {
    co_await stream_->session.part();  // the peer's answer, or its end, or end()
    error_code ignored;
    stream_->socket.shutdown(StreamSocket::shutdown_send, ignored);
  }

 private:
  /// The first view, and with it as many as go into the same TLS record.
  std::string_view take_front(std::span<const std::string_view>& views) {
    std::string_view first = views.front();
    views = views.subspan(1);
    if (views.empty() || first.size() + views.front().size() > kTlsRecord) return first;
    flat_ = first;
    while (!views.empty() && flat_.size() + views.front().size() <= kTlsRecord) {
      flat_ += views.front();
      views = views.subspan(1);
    }
    return flat_;
  }
  /// Of the encrypted bytes, which are more than those they carry.
  size_t ask_unacknowledged(size_t) override {
    return output_queue(stream_->socket.native_handle());
  }
  void close() override {
    error_code ignored;
    stream_->socket.close(ignored);
  }

  std::unique_ptr<TlsStream> stream_;
  std::string flat_;
};

class DatagramConnection final : public SinkConnection {
 public:
  DatagramConnection(UnixDatagramSocket socket, Framing framing)
      : socket_(std::move(socket)), framing_(framing) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  bool datagrams() const override { return true; }

  Awaitable<Wrote> write(std::span<const std::string_view> views) override {
    std::string_view body = body_of(views.front(), framing_);
    while (true) {
      error_code error;
      socket_.send(asio::buffer(body.data(), body.size()), 0, error);
      if (!error) co_return Wrote{error, views.front().size()};
      if (error != asio::error::would_block) co_return Wrote{error, 0};
      auto [wait_error] = co_await socket_.async_wait(UnixDatagramSocket::wait_write, kAwait);
      if (wait_error) co_return Wrote{wait_error, 0};
    }
  }

  Awaitable<error_code> read_to_end() override {
    std::array<char, 64> discarded;
    while (true) {
      auto [error, size] = co_await socket_.async_receive(asio::buffer(discarded), kAwait);
      if (error) co_return error;
    }
  }

  Awaitable<> say_goodbye() override { co_return; }

 private:
  size_t ask_unacknowledged(size_t) override { return 0; }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

  UnixDatagramSocket socket_;
  const Framing framing_;
};

}  // namespace

size_t SinkConnection::unacknowledged() {
  if (!ended_) unacknowledged_ = ask_unacknowledged(unacknowledged_);
  return unacknowledged_;
}

void SinkConnection::end(error_code reason) {
  if (ended_) return;
  ended_ = true;
  end_reason_ = reason;
  unacknowledged_ = ask_unacknowledged(unacknowledged_);
  close();
}

std::shared_ptr<SinkConnection> tcp_connection(StreamSocket socket) {
  return std::make_shared<PlainConnection>(std::move(socket), false);
}

std::shared_ptr<SinkConnection> unix_connection(StreamSocket socket) {
  return std::make_shared<PlainConnection>(std::move(socket), true);
}

std::shared_ptr<SinkConnection> tls_connection(std::unique_ptr<TlsStream> stream) {
  return std::make_shared<TlsConnection>(std::move(stream));
}

std::shared_ptr<SinkConnection> datagram_connection(UnixDatagramSocket socket, Framing framing) {
  return std::make_shared<DatagramConnection>(std::move(socket), framing);
}

}  // namespace redactd
