#pragma once

// TLS over a socket, of sources and of sinks (RFC 5425).
//
// OpenSSL reads from the socket itself: through Boost's stream each connection had 68 KiB of
// buffers, and each byte was copied twice more.

#include <openssl/ssl.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "daemon/await.h"

namespace redactd {

/// Belongs to its socket's thread. What waits ends with operation_aborted when the socket is
/// cancelled or closed. At most one coroutine reads and one writes.
class TlsSession {
 public:
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, IoExecutor>;

  enum class Role { server, client };
  /// The socket outlives the session. Throws std::bad_alloc.
  TlsSession(Socket& socket, boost::asio::ssl::context& context, Role role);

  /// From here on the socket does not block. An error is the socket's, or OpenSSL's in its own
  /// category.
  Awaitable<boost::system::error_code> shake_hands();

  /// Fills `room` with what has come. would_block: nothing has, and until_ready() tells when to ask
  /// again. eof: the peer has said goodbye; any other error: it has not. The last error stays.
  size_t read_some(std::span<char> room, boost::system::error_code& error);

  /// Until it is worth to do again what would_block was the answer to, directly after it.
  Awaitable<boost::system::error_code> until_ready();

  struct Wrote {
    boost::system::error_code error;
    size_t bytes = 0;  // taken, also with an error
  };
  /// In TLS records as large as they may be, until all is written or the socket was full for a
  /// while. `bytes` are not empty.
  Awaitable<Wrote> write_some(std::string_view bytes);
  /// All of it.
  Awaitable<boost::system::error_code> write(std::string_view bytes);

  /// Sends close_notify (RFC 5425 §4.4) if it can be sent without waiting.
  void say_goodbye();
  /// Sends it, and waits for the peer's.
  Awaitable<> part();

  SSL* native_handle() { return ssl_.get(); }

 private:
  struct Bio;  // how OpenSSL calls the socket
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  boost::system::error_code outcome(int result);

  Socket& socket_;
  const std::unique_ptr<SSL, Free> ssl_;
  boost::system::error_code socket_error_;  // of its last read or write
  boost::system::error_code over_;          // why nothing will be read any more
};

}  // namespace redactd
