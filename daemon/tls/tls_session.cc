#include "daemon/tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <new>

namespace redactd {

namespace asio = boost::asio;
using boost::system::error_code;

/// Not OpenSSL's own BIO of a descriptor: that one raises SIGPIPE, and knows nothing of a socket
/// that was closed and whose number is another connection's by now.
struct TlsSession::Bio {
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, size_t size, size_t* taken) {
    BIO_clear_retry_flags(bio);
    error_code& error = session(bio).socket_error_;
    *taken = session(bio).socket_.read_some(asio::buffer(to, size), error);
    if (error == asio::error::would_block) BIO_set_retry_read(bio);
    return error ? 0 : 1;
  }

  static int write(BIO* bio, const char* from, size_t size, size_t* taken) {
    BIO_clear_retry_flags(bio);
    error_code& error = session(bio).socket_error_;
    *taken = session(bio).socket_.write_some(asio::buffer(from, size), error);
    if (error == asio::error::would_block) BIO_set_retry_write(bio);
    return error ? 0 : 1;
  }

  static long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return session(bio).socket_error_ == asio::error::eof ? 1 : 0;
    return 0;
  }

  static BIO_METHOD* make_method() {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_read_ex(method, read);
    BIO_meth_set_write_ex(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
  }

  static BIO* make(TlsSession& session) {
    static BIO_METHOD* const method = make_method();
    BIO* bio = BIO_new(method);
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, &session);
    BIO_set_init(bio, 1);
    return bio;
  }
};

TlsSession::TlsSession(Socket& socket, asio::ssl::context& context, Role role)
    : socket_(socket), ssl_(SSL_new(context.native_handle())) {
  if (!ssl_) throw std::bad_alloc();
  BIO* bio = Bio::make(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_read_ahead(ssl_.get(), 1);  // small TLS records: one read for many
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
  if (role == Role::server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

error_code TlsSession::outcome(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return {};
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return asio::error::eof;
    case SSL_ERROR_SYSCALL:
      return socket_error_ ? socket_error_ : error_code(asio::error::connection_aborted);
    default:
      return {static_cast<int>(ERR_get_error()), asio::error::get_ssl_category()};
  }
}

Awaitable<error_code> TlsSession::shake_hands() {
  error_code blocking;
  socket_.non_blocking(true, blocking);
  if (blocking) co_return blocking;
  while (true) {
    ERR_clear_error();
    error_code error = outcome(SSL_do_handshake(ssl_.get()));
    if (error != asio::error::would_block) co_return error;
    error_code stopped = co_await until_ready();
    if (stopped) co_return stopped;
  }
}

size_t TlsSession::read_some(std::span<char> room, error_code& error) {
  size_t size = 0;
  error = over_;
  while (!error && size < room.size()) {
    size_t taken = 0;
    ERR_clear_error();
    error = outcome(SSL_read_ex(ssl_.get(), room.data() + size, room.size() - size, &taken));
    size += taken;
  }
  if (error != asio::error::would_block) over_ = error;
  if (size > 0) error = {};
  return size;
}

Awaitable<error_code> TlsSession::until_ready() {
  const auto what = SSL_want_write(ssl_.get()) ? Socket::wait_write : Socket::wait_read;
  auto [error] = co_await socket_.async_wait(what, kAwait);
  co_return error;
}

Awaitable<TlsSession::Wrote> TlsSession::write_some(std::string_view bytes) {
  Wrote wrote;
  bool full = false;  // then the TLS record that is begun has to be ended, and no other
  while (wrote.bytes < bytes.size() && (!full || wrote.error)) {
    std::string_view rest = bytes.substr(wrote.bytes);
    size_t taken = 0;
    ERR_clear_error();
    wrote.error = outcome(SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &taken));
    wrote.bytes += taken;
    if (!wrote.error) continue;
    if (wrote.error != asio::error::would_block) co_return wrote;
    full = true;
    error_code stopped = co_await until_ready();
    if (stopped) co_return Wrote{stopped, wrote.bytes};
  }
  co_return wrote;
}

Awaitable<error_code> TlsSession::write(std::string_view bytes) {
  while (!bytes.empty()) {
    Wrote wrote = co_await write_some(bytes);
    if (wrote.error) co_return wrote.error;
    bytes.remove_prefix(wrote.bytes);
  }
  co_return error_code();
}

void TlsSession::say_goodbye() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

Awaitable<> TlsSession::part() {
  while (true) {
    ERR_clear_error();
    int result = SSL_shutdown(ssl_.get());
    if (result == 0) result = SSL_shutdown(ssl_.get());  // ours is sent: now the peer's
    if (outcome(result) != asio::error::would_block) co_return;
    error_code stopped = co_await until_ready();
    if (stopped) co_return;
  }
}

}  // namespace redactd
