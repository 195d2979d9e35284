#pragma once

// A syslog or tcp source that others connect to: TCP, TLS, Unix stream sockets, and sockets that
// systemd has opened. Accepts on the control thread and hands connections to the workers in turn.

#include <boost/asio/basic_socket_acceptor.hpp>
#include <memory>

#include "daemon/sources/connection.h"
#include "daemon/sources/source.h"

namespace redactd {

/// Of the control thread. Connections are their workers', and outlive it: each keeps what they
/// share.
class Listener : public Source {
 public:
  explicit Listener(SourceSetup setup);
  ~Listener() override;

  void open() override;
  void start() override;
  void stop() override;
  void reload_tls(const TlsConfig& config) override;
  /// How many it listens on.
  size_t sockets() const;

 private:
  template <typename Protocol>
  using Acceptor = asio::basic_socket_acceptor<Protocol, IoExecutor>;
  struct Acceptors;

  void open_tcp();
  void open_unix();
  void take_passed();
  template <typename Protocol>
  Awaitable<void> accept(std::shared_ptr<Acceptor<Protocol>> acceptor);
  Awaitable<void> pause_for(const boost::system::error_code& error);
  void hand_over(StreamSocket socket, std::string peer, Worker& worker);

  std::shared_ptr<ConnectionSource> source_;
  std::shared_ptr<TlsContext> tls_;
  std::unique_ptr<Acceptors> acceptors_;
  size_t next_worker_ = 0;
  bool pausing_ = false;
};

}  // namespace redactd
