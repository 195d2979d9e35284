#include "daemon/sources/listener.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "daemon/or_end.h"
#include "daemon/process/fd_limit.h"
#include "daemon/sources/resolve.h"
#include "daemon/sources/socket_path.h"
#include "daemon/tls/tls.h"

namespace redactd {
namespace {

using Tcp = asio::ip::tcp;
using Unix = asio::local::stream_protocol;
// How long accepting rests when there are no descriptors or no memory left for a connection.
constexpr std::chrono::milliseconds kPause{250};

std::string name_of(const Tcp::endpoint& peer) {
  return peer.address().to_string() + " port " + std::to_string(peer.port());
}
std::string name_of(const Unix::endpoint&) { return "a Unix socket"; }

bool out_of_resources(const boost::system::error_code& error) {
  return error == boost::system::errc::too_many_files_open ||
         error == boost::system::errc::too_many_files_open_in_system ||
         error == boost::system::errc::no_buffer_space ||
         error == boost::system::errc::not_enough_memory;
}

/// Another executor's socket; closed on an error.
template <typename Socket>
void move_to(StreamSocket& socket, const asio::generic::stream_protocol& protocol, Socket from,
             boost::system::error_code& error) {
  const int descriptor = from.release(error);
  if (error) return;
  socket.assign(protocol, descriptor, error);
  if (error) ::close(descriptor);
}

}  // namespace

struct Listener::Acceptors {
  std::vector<std::shared_ptr<Acceptor<Tcp>>> tcp;
  std::vector<std::shared_ptr<Acceptor<Unix>>> unix_stream;
  SocketPath path;  // of a socket of our own
};

Listener::Listener(SourceSetup setup)
    : source_(new ConnectionSource{std::move(setup)}), acceptors_(new Acceptors) {}

Listener::~Listener() = default;

void Listener::open() {
  const SourceConfig& config = source_->setup.config;
  if (!config.tls.certificate.empty()) reload_tls(config.tls);
  switch (config.listen.transport) {
    case Address::Transport::unix_stream:
      return open_unix();
    case Address::Transport::systemd:
      return take_passed();
    default:
      return open_tcp();
  }
}

void Listener::reload_tls(const TlsConfig& config) {
  try {
    tls_ = make_server_tls(config);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("the certificate, key or CA cannot be used: " +
                             error.code().message());
  }
}

void Listener::open_tcp() {
  const SourceConfig& config = source_->setup.config;
  bind_each<Tcp>(config.listen, [&](const Tcp::endpoint& endpoint) {
    auto acceptor = std::make_shared<Acceptor<Tcp>>(source_->setup.control);
    acceptor->open(endpoint.protocol());
    acceptor->set_option(asio::socket_base::reuse_address(true));
    if (endpoint.address().is_v6())
      acceptor->set_option(asio::ip::v6_only(config.listen.host != "*"));
    // Accepted sockets inherit it, early enough for the window's scale.
    if (config.receive_buffer > 0) {
      acceptor->set_option(
          asio::socket_base::receive_buffer_size(static_cast<int>(config.receive_buffer)));
    }
    acceptor->bind(endpoint);
    acceptor->listen();
    acceptors_->tcp.push_back(std::move(acceptor));
  });
}

void Listener::open_unix() {
  const SourceConfig& config = source_->setup.config;
  clear_socket_path(config.listen.path, SOCK_STREAM);
  auto acceptor = std::make_shared<Acceptor<Unix>>(source_->setup.control);
  acceptor->open();
  acceptor->bind(Unix::endpoint(config.listen.path));
  acceptors_->path.take(config.listen.path, config.unix_mode);
  acceptor->listen();
  acceptors_->unix_stream.push_back(std::move(acceptor));
}

/// Listening stream sockets by the name that the unit gives them; without a name all that are left.
void Listener::take_passed() {
  const SourceConfig& config = source_->setup.config;
  std::erase_if(source_->setup.passed, [&](const PassedSocket& socket) {
    PassedKind kind = passed_kind(socket.descriptor);
    if (!kind.stream || (!config.listen.path.empty() && socket.name != config.listen.path))
      return false;
    if (!kind.listens) {
      throw std::runtime_error(
          "systemd has handed over a connection, not a socket that listens; in the socket unit "
          "let it be Accept=no");
    }
    if (kind.family == AF_UNIX) {
      acceptors_->unix_stream.push_back(std::make_shared<Acceptor<Unix>>(source_->setup.control));
      acceptors_->unix_stream.back()->assign(Unix(), socket.descriptor);
    } else {
      acceptors_->tcp.push_back(std::make_shared<Acceptor<Tcp>>(source_->setup.control));
      acceptors_->tcp.back()->assign(kind.family == AF_INET6 ? Tcp::v6() : Tcp::v4(),
                                     socket.descriptor);
    }
    return true;
  });
}

size_t Listener::sockets() const { return acceptors_->tcp.size() + acceptors_->unix_stream.size(); }

void Listener::start() {
  for (auto& acceptor : acceptors_->tcp)
    asio::co_spawn(source_->setup.control, accept<Tcp>(acceptor), kOrEnd);
  for (auto& acceptor : acceptors_->unix_stream)
    asio::co_spawn(source_->setup.control, accept<Unix>(acceptor), kOrEnd);
}

void Listener::stop() {
  boost::system::error_code ignored;
  for (auto& acceptor : acceptors_->tcp) acceptor->close(ignored);
  for (auto& acceptor : acceptors_->unix_stream) acceptor->close(ignored);
  acceptors_->path.remove();
}

template <typename Protocol>
Awaitable<void> Listener::accept(std::shared_ptr<Acceptor<Protocol>> acceptor) {
  const SourceConfig& config = source_->setup.config;
  const auto& workers = source_->setup.workers;
  SourceCounters& counters = source_->setup.metrics.source(config.name, workers.size());
  while (acceptor->is_open()) {
    if (descriptors_are_short(acceptor->native_handle())) {
      co_await pause_for(make_error_code(boost::system::errc::too_many_files_open));
      continue;
    }
    Worker& worker = *workers[next_worker_++ % workers.size()];
    typename Protocol::endpoint peer;
    // Not of the worker's executor yet: what waits here may outlive the worker.
    auto [error, accepted] = co_await acceptor->async_accept(peer, kAwait);
    if (error == asio::error::operation_aborted || !acceptor->is_open()) co_return;
    StreamSocket socket(worker.context().get_executor());
    if (!error) move_to(socket, peer.protocol(), std::move(accepted), error);
    if (error) {
      co_await pause_for(error);
      continue;
    }
    pausing_ = false;
    if (source_->open.load(std::memory_order_relaxed) >= config.max_connections) {
      counters.connections_refused.add();
      source_->setup.log.warning(
          "connection refused: max_connections are open",
          {{"source", configured(config.name)}, {"max_connections", config.max_connections}});
      continue;
    }
    source_->open.fetch_add(1, std::memory_order_relaxed);
    hand_over(std::move(socket), name_of(peer), worker);
  }
}

/// Established connections live on; the waiting ones stay in the kernel's queue.
Awaitable<void> Listener::pause_for(const boost::system::error_code& error) {
  if (!out_of_resources(error)) co_return;  // of the peer: it is gone already
  if (!pausing_) source_->setup.metrics.worker(source_->setup.workers.size()).accept_pauses.add();
  pausing_ = true;
  source_->setup.log.warning(
      "new connections wait, open ones go on; for more files raise LimitNOFILE= or ulimit -n",
      {{"source", configured(source_->setup.config.name)}, {"error", error_text(error.message())}});
  Timer timer(source_->setup.control.get_executor(), kPause);
  co_await timer.async_wait(kAwait);
}

void Listener::hand_over(StreamSocket socket, std::string peer, Worker& worker) {
  asio::post(worker.context(), [source = source_, tls = tls_, &worker, socket = std::move(socket),
                                peer = std::move(peer)]() mutable {
    auto connection = std::make_shared<Connection>(std::move(source), worker, std::move(socket),
                                                   std::move(tls), std::move(peer));
    if (!worker.stopping()) connection->start();
  });
}

}  // namespace redactd
