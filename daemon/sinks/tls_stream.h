#pragma once

// A sink's socket, with or without TLS over it, to those to whom it is the same.

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/await.h"
#include "daemon/tls/tls_session.h"

namespace redactd {

using StreamSocket = TlsSession::Socket;

struct TlsStream {
  TlsStream(StreamSocket connected, boost::asio::ssl::context& context)
      : socket(std::move(connected)), session(socket, context, TlsSession::Role::client) {}

  std::vector<std::string> names;  // of which the peer has to bear one, where it is verified
  StreamSocket socket;
  TlsSession session;
};

inline StreamSocket& socket_of(StreamSocket& socket) { return socket; }
inline StreamSocket& socket_of(TlsStream& stream) { return stream.socket; }

struct Received {
  boost::system::error_code error;
  size_t bytes = 0;
};
/// Waits until something comes.
Awaitable<Received> receive(StreamSocket& socket, std::span<char> room);
Awaitable<Received> receive(TlsStream& stream, std::span<char> room);

/// All of it.
Awaitable<boost::system::error_code> send(StreamSocket& socket, std::string_view bytes);
Awaitable<boost::system::error_code> send(TlsStream& stream, std::string_view bytes);

}  // namespace redactd
