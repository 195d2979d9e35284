#include "daemon/sinks/connect.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "daemon/sinks/relp_connection.h"

namespace redactd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// How long a refusal of our certificate may take, at least.
constexpr Milliseconds kVerdict{200};

/// Calls `expire` after `time` unless it goes out of scope before.
class TimeLimit {
 public:
  TimeLimit(const IoExecutor& executor, Milliseconds time, std::function<void()> expire)
      : state_(std::make_shared<State>(executor, std::move(expire))) {
    state_->timer.expires_after(time);
    state_->timer.async_wait([state = state_](error_code error) {
      if (error || state->over) return;
      state->expired = true;
      state->expire();
    });
  }
  ~TimeLimit() {
    state_->over = true;
    state_->timer.cancel();
  }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  bool expired() const { return state_->expired; }

 private:
  struct State {
    State(const IoExecutor& executor, std::function<void()> then)
        : timer(executor), expire(std::move(then)) {}
    Timer timer;
    std::function<void()> expire;
    bool over = false;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
};

void set_option(int descriptor, int level, int option, int value) {
  setsockopt(descriptor, level, option, &value, sizeof value);  // a hint, no condition
}

int whole_seconds(Milliseconds time) {
  return std::max(1, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(time).count()));
}

void notice_dead_peers(int descriptor, const SinkConfig& config) {
  constexpr int kProbes = 4;
  if (config.keepalive.count() > 0) {
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, whole_seconds(config.keepalive));
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL,
               whole_seconds(config.peer_timeout / kProbes));
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  }
  set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT,
             static_cast<int>(config.peer_timeout.count()));
}

void set_send_buffer(int descriptor, const SinkConfig& config) {
  if (config.send_buffer > 0) {
    set_option(descriptor, SOL_SOCKET, SO_SNDBUF, static_cast<int>(config.send_buffer));
  }
}

Awaitable<error_code> connect_socket(StreamSocket& socket,
                                     const asio::generic::stream_protocol::endpoint& endpoint,
                                     const SinkConfig& config, IoExecutor home) {
  error_code error;
  socket.open(endpoint.protocol(), error);
  if (error) co_return error;
  set_send_buffer(socket.native_handle(), config);
  TimeLimit limit(home, config.connect_timeout, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  auto [failure] = co_await socket.async_connect(endpoint, kAwait);
  co_return limit.expired() ? asio::error::timed_out : failure;
}

/// Where nobody listens, the kernel may take the very port for our end: such a connection leads
/// nowhere but to itself, and what is written into it is lost. It is reset, for else its rest would
/// keep the port from the peer for a minute.
error_code refuse_oneself(StreamSocket& socket) {
  error_code error;
  const auto near = socket.local_endpoint(error);
  if (error || near != socket.remote_endpoint(error) || error) return {};
  socket.set_option(asio::socket_base::linger(true, 0), error);
  socket.close(error);
  return asio::error::connection_refused;
}

/// The first of the addresses that answers; `error` is the last one's.
Awaitable<StreamSocket> connect_first(const TcpAddresses& addresses, const SinkConfig& config,
                                      IoExecutor home, error_code& error) {
  error = asio::error::host_not_found;
  for (const tcp::endpoint& address : addresses) {
    StreamSocket socket(home);
    error = co_await connect_socket(socket, address, config, home);
    if (!error) error = refuse_oneself(socket);
    if (!error) co_return socket;
  }
  co_return StreamSocket(home);
}

/// A server of TLS 1.3 looks at our certificate after we have finished, and what is written by then
/// is lost if it refuses. One that has said nothing by the end of `time` has accepted.
Awaitable<error_code> hear_verdict(TlsStream& stream, Milliseconds time, IoExecutor home) {
  TimeLimit limit(home, time, [&stream] {
    error_code ignored;
    stream.socket.cancel(ignored);
  });
  std::array<char, 1024> said;
  Received received = co_await receive(stream, said);
  co_return limit.expired() ? error_code() : received.error;
}

Awaitable<Connected> shake_hands(StreamSocket socket, const std::string& host,
                                 const SinkConfig& config, std::shared_ptr<TlsClient> tls,
                                 IoExecutor home) {
  std::unique_ptr<TlsStream> stream = tls->stream(std::move(socket), host);
  std::optional<TimeLimit> limit;
  limit.emplace(home, config.connect_timeout, [&stream] {
    error_code ignored;
    stream->socket.close(ignored);
  });
  const auto begin = std::chrono::steady_clock::now();
  error_code error = co_await stream->session.shake_hands();
  if (limit->expired()) co_return Connected{nullptr, "TLS handshake: timed out"};
  if (error) co_return Connected{nullptr, TlsClient::failure(*stream, error)};
  if (TlsClient::awaits_verdict(*stream)) {
    auto taken = std::chrono::ceil<Milliseconds>(std::chrono::steady_clock::now() - begin);
    error_code verdict = co_await hear_verdict(*stream, std::max(kVerdict, 2 * taken), home);
    if (verdict) co_return Connected{nullptr, "TLS handshake: " + verdict.message()};
  }
  limit.reset();  // of the stream that goes now
  if (config.type != SinkConfig::Type::relp)
    co_return Connected{tls_connection(std::move(stream)), ""};
  RelpOpened opened = co_await open_relp(std::move(stream), config, home);
  co_return Connected{std::move(opened.connection), std::move(opened.error)};
}

Awaitable<Connected> connect_tcp(const Address& to, const SinkConfig& config,
                                 std::shared_ptr<TlsClient> tls, NameLookup& name,
                                 IoExecutor home) {
  TcpAddresses addresses;
  error_code error = co_await name.find(to, config.connect_timeout, home, addresses);
  if (error) co_return Connected{nullptr, "resolve: " + error.message()};
  StreamSocket socket = co_await connect_first(addresses, config, home, error);
  if (error) co_return Connected{nullptr, "connect: " + error.message()};
  set_option(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, 1);
  notice_dead_peers(socket.native_handle(), config);
  if (to.transport == Address::Transport::tls)
    co_return co_await shake_hands(std::move(socket), to.host, config, std::move(tls), home);
  if (config.type != SinkConfig::Type::relp)
    co_return Connected{tcp_connection(std::move(socket)), ""};
  RelpOpened opened = co_await open_relp(std::move(socket), config, home);
  co_return Connected{std::move(opened.connection), std::move(opened.error)};
}

Awaitable<Connected> connect_unix(const Address& to, const SinkConfig& config, IoExecutor home) {
  StreamSocket socket(home);
  asio::local::stream_protocol::endpoint endpoint(to.path);
  error_code error = co_await connect_socket(socket, endpoint, config, home);
  if (error) co_return Connected{nullptr, "connect: " + error.message()};
  co_return Connected{unix_connection(std::move(socket)), ""};
}

Connected connect_datagrams(const Address& to, const SinkConfig& config, const IoExecutor& home) {
  UnixDatagramSocket socket(home);
  error_code error;
  socket.open(asio::local::datagram_protocol(), error);
  if (!error) set_send_buffer(socket.native_handle(), config);
  if (!error) socket.connect(to.path, error);
  if (error) return {nullptr, "connect: " + error.message()};
  return {datagram_connection(std::move(socket), config.framing), ""};
}

}  // namespace

Awaitable<Connected> connect(const Address& to, const SinkConfig& config,
                             std::shared_ptr<TlsClient> tls, NameLookup& name, IoExecutor home) {
  switch (to.transport) {
    case Address::Transport::tcp:
    case Address::Transport::tls:
      co_return co_await connect_tcp(to, config, std::move(tls), name, home);
    case Address::Transport::unix_stream:
      co_return co_await connect_unix(to, config, home);
    case Address::Transport::unix_datagram:
      co_return connect_datagrams(to, config, home);
    case Address::Transport::udp:
    case Address::Transport::systemd:
      break;
  }
  co_return Connected{nullptr, "connect: no transport of a sink"};
}

}  // namespace redactd
