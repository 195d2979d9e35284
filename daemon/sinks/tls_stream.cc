#include "daemon/sinks/tls_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

namespace redactd {

namespace asio = boost::asio;
using boost::system::error_code;

Awaitable<Received> receive(StreamSocket& socket, std::span<char> room) {
  auto [error, size] =
      co_await socket.async_read_some(asio::buffer(room.data(), room.size()), kAwait);
  co_return Received{error, size};
}

Awaitable<Received> receive(TlsStream& stream, std::span<char> room) {
  while (true) {
    error_code error;
    size_t size = stream.session.read_some(room, error);
    if (error != asio::error::would_block) co_return Received{error, size};
    error = co_await stream.session.until_ready();
    if (error) co_return Received{error, 0};
  }
}

Awaitable<error_code> send(StreamSocket& socket, std::string_view bytes) {
  auto [error, size] =
      co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()), kAwait);
  co_return error;
}

Awaitable<error_code> send(TlsStream& stream, std::string_view bytes) {
  co_return co_await stream.session.write(bytes);
}

}  // namespace redactd
