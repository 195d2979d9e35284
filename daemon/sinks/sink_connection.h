#pragma once

// A connection to an endpoint: TCP, TLS over it, or a Unix socket. Belongs to one io_context's
// thread; a coroutine that waits for one of its operations keeps a shared_ptr to it.

#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "config/daemon/daemon_config.h"
#include "daemon/await.h"
#include "daemon/sinks/tls_stream.h"

namespace redactd {

using UnixDatagramSocket =
    boost::asio::basic_datagram_socket<boost::asio::local::datagram_protocol, IoExecutor>;

class SinkConnection {
 public:
  virtual ~SinkConnection() = default;

  struct Wrote {
    boost::system::error_code error;
    size_t bytes = 0;  // taken, also with an error
  };
  /// Writes some of the bytes. A connection of datagrams takes one view, and writes it whole.
  virtual Awaitable<Wrote> write(std::span<const std::string_view> views) = 0;

  /// Discards what the peer sends until it ends the connection, which is how a dead peer is noticed
  /// while nothing is written.
  virtual Awaitable<boost::system::error_code> read_to_end() = 0;

  /// Says goodbye: close_notify (RFC 5425 §4.4) and FIN. The peer may still acknowledge and close.
  virtual Awaitable<> say_goodbye() = 0;

  virtual bool datagrams() const { return false; }

  /// Bytes written of which the peer's kernel is not known to have them; rather too many than too
  /// few. Also after end(), where it is what it was before.
  size_t unacknowledged();

  /// Called when unacknowledged() may have become less, by a connection that is told so by its
  /// peer; of others it has to be asked.
  void on_acknowledged(std::function<void()> act) { acknowledged_ = std::move(act); }

  bool ended() const { return ended_; }
  boost::system::error_code end_reason() const { return end_reason_; }
  /// Closes the socket, which ends every operation on it. The first reason stays.
  void end(boost::system::error_code reason);

 protected:
  /// SIOCOUTQ of the socket; `before`: the last answer.
  virtual size_t ask_unacknowledged(size_t before) = 0;
  virtual void close() = 0;
  void acknowledged() {
    if (acknowledged_) acknowledged_();
  }

 private:
  std::function<void()> acknowledged_;
  bool ended_ = false;
  boost::system::error_code end_reason_;
  size_t unacknowledged_ = 0;
};

/// `socket` is connected.
std::shared_ptr<SinkConnection> tcp_connection(StreamSocket socket);
std::shared_ptr<SinkConnection> unix_connection(StreamSocket socket);
/// The handshake is done.
std::shared_ptr<SinkConnection> tls_connection(std::unique_ptr<TlsStream> stream);
/// The views that it is given are one record each, in `framing`, which a datagram does not carry.
std::shared_ptr<SinkConnection> datagram_connection(UnixDatagramSocket socket, Framing framing);

}  // namespace redactd
