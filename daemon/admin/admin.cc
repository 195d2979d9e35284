#include "daemon/admin/admin.h"

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <list>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "daemon/await.h"
#include "daemon/or_end.h"
#include "daemon/sources/resolve.h"
#include "daemon/tls/tls.h"

namespace redactd {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::ip::tcp;
using beast::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

std::string shown(const Address& address) {
  bool brackets = address.host.find(':') != std::string::npos;
  return (brackets ? "[" + address.host + "]" : address.host) + ":" + address.port;
}

[[noreturn]] void fail(const std::string& what, const error_code& error, const char* advice) {
  throw std::runtime_error("admin: " + what + ": " + error.message() + "; " + advice);
}

std::vector<tcp::acceptor> listen(asio::io_context& context, const Address& address) {
  try {
    std::vector<tcp::acceptor> acceptors;
    bind_each<tcp>(address, [&](const tcp::endpoint& endpoint) {
      tcp::acceptor acceptor(context);
      acceptor.open(endpoint.protocol());
      acceptor.set_option(tcp::acceptor::reuse_address(true));
      if (endpoint.protocol() == tcp::v6()) {
        acceptor.set_option(asio::ip::v6_only(address.host != "*"));
      }
      acceptor.bind(endpoint);
      acceptor.listen();
      acceptors.push_back(std::move(acceptor));
    });
    return acceptors;
  } catch (const boost::system::system_error& error) {
    fail("cannot listen on " + shown(address), error.code(),
         "choose another address with admin.listen or switch the endpoint off with admin.enabled: "
         "false");
  }
}

std::shared_ptr<asio::ssl::context> make_tls(const AdminConfig& config) {
  if (config.listen.transport != Address::Transport::tls) return nullptr;
  try {
    return make_server_tls(config.tls);
  } catch (const boost::system::system_error& error) {
    fail("cannot use the certificate with its key", error.code(), "correct admin.tls");
  }
}

awaitable<error_code> handshake(PlainStream& /*stream*/) { co_return error_code(); }
awaitable<error_code> handshake(TlsStream& stream) {
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAwaitAny);
  co_return error;
}

awaitable<void> say_goodbye(PlainStream& /*stream*/) { co_return; }
awaitable<void> say_goodbye(TlsStream& stream) { co_await stream.async_shutdown(kAwaitAny); }

bool has_name(PlainStream& /*stream*/, const TlsConfig& /*config*/) { return true; }
bool has_name(TlsStream& stream, const TlsConfig& config) {
  return config.peer_names.empty() || peer_has_name(stream.native_handle(), config.peer_names);
}

}  // namespace

/// Kept by the server and by each connection, which may end a little later than the server.
class AdminServer::Shared : public std::enable_shared_from_this<Shared> {
 public:
  Shared(asio::io_context& context, const AdminConfig& config, AdminHooks hooks, Log& log,
         const Limits& limits)
      : config_(config),
        tls_(make_tls(config)),
        hooks_(std::move(hooks)),
        log_(&log),
        limits_(limits),
        acceptors_(listen(context, config.listen)) {}

  tcp::endpoint endpoint() const { return acceptors_.front().local_endpoint(); }

  void start() {
    for (tcp::acceptor& acceptor : acceptors_)
      asio::co_spawn(acceptor.get_executor(), accept(shared_from_this(), acceptor), kOrEnd);
  }

  void reload(const AdminConfig& config) {
    tls_ = make_tls(config);
    config_ = config;
  }

  void close() {
    closed_ = true;
    error_code ignored;
    for (tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
    for (Connection& connection : connections_) connection.stream->close();
  }

 private:
  struct Connection {
    beast::tcp_stream* stream;
    bool waiting = true;  // for a request, or for the rest of one
  };
  using Place = std::list<Connection>::iterator;

  /// Holds a place among the connections as long as a connection runs.
  class Seat {
   public:
    Seat(Shared& shared, beast::tcp_stream& stream)
        : shared_(shared),
          place_(shared.connections_.insert(shared.connections_.end(), {&stream})) {}
    ~Seat() { shared_.connections_.erase(place_); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    void works() { place_->waiting = false; }
    void waits() {
      place_->waiting = true;
      auto& all = shared_.connections_;
      all.splice(all.end(), all, place_);
    }

   private:
    Shared& shared_;
    Place place_;
  };

  /// `acceptor` is one of `self`'s.
  static awaitable<void> accept(std::shared_ptr<Shared> self, tcp::acceptor& acceptor) {
    asio::steady_timer pause(acceptor.get_executor());
    while (!self->closed_) {
      auto [error, socket] = co_await acceptor.async_accept(kAwaitAny);
      if (self->closed_) co_return;
      if (error) {  // out of file descriptors, most likely
        self->log_->warning("admin endpoint cannot accept connections", {{"error", error}});
        pause.expires_after(std::chrono::seconds(1));
        co_await pause.async_wait(kAwaitAny);
      } else if (self->make_room()) {
        self->spawn(std::move(socket));
      }
    }
  }

  /// The connection that waits longest gives way, so that peers that only sit there, or send a byte
  /// now and then, keep nobody out. False: all are at work.
  bool make_room() {
    size_t open = 0;
    Place longest = connections_.end();
    for (Place place = connections_.begin(); place != connections_.end(); ++place) {
      if (!place->stream->socket().is_open()) continue;  // about to go
      ++open;
      if (place->waiting && longest == connections_.end()) longest = place;
    }
    if (open < limits_.connections) return true;
    log_->warning("admin endpoint has too many connections", {{"limit", limits_.connections}});
    if (longest == connections_.end()) return false;
    longest->stream->close();
    return true;
  }

  void spawn(tcp::socket socket) {
    auto executor = acceptors_.front().get_executor();
    try {
      if (tls_) {
        TlsStream stream(std::move(socket), *tls_);
        asio::co_spawn(executor, serve(shared_from_this(), std::move(stream)), asio::detached);
      } else {
        PlainStream stream(std::move(socket));
        asio::co_spawn(executor, serve(shared_from_this(), std::move(stream)), asio::detached);
      }
    } catch (const std::exception& error) {  // out of memory: this connection is lost, not the next
      log_->error("admin endpoint lost a connection", {{"error", error_text(error.what())}});
    }
  }

  template <typename Stream>
  static awaitable<void> serve(std::shared_ptr<Shared> self, Stream stream) {
    auto& lowest = beast::get_lowest_layer(stream);
    Seat seat(*self, lowest);
    lowest.expires_after(self->limits_.request);
    if (error_code error = co_await handshake(stream); error) co_return;
    if (!has_name(stream, self->config_.tls)) co_return;
    beast::flat_buffer buffer(2 * kAdminMaxHeader);
    for (size_t left = self->limits_.requests; left > 0; --left) {
      bool more = co_await self->serve_one(stream, buffer, seat, left == 1);
      if (self->closed_) co_return;
      seat.waits();
      if (!more) break;
      if (buffer.size() == 0 && !co_await self->next_arrives(stream, buffer)) co_return;
    }
    if (lowest.socket().is_open()) co_await part(stream, self->limits_.request);
  }

  /// Waits for the first bytes of another request; they go into the empty `buffer`.
  template <typename Stream>
  awaitable<bool> next_arrives(Stream& stream, beast::flat_buffer& buffer) {
    beast::get_lowest_layer(stream).expires_after(limits_.idle);
    auto [error, size] = co_await stream.async_read_some(buffer.prepare(512), kAwaitAny);
    if (!error) buffer.commit(size);
    co_return !error && !closed_;
  }

  /// One request and its answer; false: the connection is to end.
  template <typename Stream>
  awaitable<bool> serve_one(Stream& stream, beast::flat_buffer& buffer, Seat& seat, bool last) {
    auto& lowest = beast::get_lowest_layer(stream);
    AdminParser parser;
    limit(parser);
    lowest.expires_after(limits_.request);
    error_code error = co_await read(stream, buffer, parser);
    if (closed_ || (error && !of_the_request(error))) co_return false;
    if (!error && !names_one_host(parser.get())) error = http::error::bad_field;
    seat.works();
    std::optional<AdminResponse> response =
        error ? refuse(error) : respond(parser.get(), config_.token, hooks_);
    if (!response) {
      lowest.expires_never();  // compiling rules may take longer than a request
      response = reload_response(parser.get(), co_await ask_for_reload());
      if (closed_) co_return false;
    }
    if (last || has_body(parser.get())) response->keep_alive(false);
    lowest.expires_after(limits_.request);
    auto [write_error, written] = co_await http::async_write(stream, *response, kAwaitAny);
    co_return !write_error && response->keep_alive();
  }

  /// Before it sends a body, a peer may ask whether to.
  template <typename Stream>
  static awaitable<error_code> read(Stream& stream, beast::flat_buffer& buffer,
                                    AdminParser& parser) {
    auto [header_error, size] = co_await http::async_read_header(stream, buffer, parser, kAwaitAny);
    if (header_error || parser.is_done()) co_return header_error;
    if (parser.get().version() == 11 &&
        beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on(http::status::continue_, 11);
      auto [error, written] = co_await http::async_write(stream, go_on, kAwaitAny);
      if (error) co_return error;
    }
    auto [body_error, body] = co_await http::async_read(stream, buffer, parser, kAwaitAny);
    co_return body_error;
  }

  /// Where a body ends, a proxy before this may see otherwise, and what follows would be a request
  /// that it has not seen. So nothing follows.
  static bool has_body(const AdminRequest& request) {
    auto length = request.find(http::field::content_length);
    return request.count(http::field::transfer_encoding) > 0 ||
           (length != request.end() && length->value() != "0");
  }

  /// Not of the connection: the peer is there to be told.
  static bool of_the_request(const error_code& error) {
    return error.category() == http::make_error_code(http::error::bad_target).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message;
  }

  awaitable<ReloadResult> ask_for_reload() {
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(ReloadResult)>(
        [this](auto handler) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          hooks_.reload([shared](const ReloadResult& result) {
            // Posted, for the hook may call back before it returns.
            asio::post(shared->get_executor(), [shared, result] { (*shared)(result); });
          });
        },
        asio::use_awaitable);
  }

  /// Ends a connection so that the last answer arrives: bytes that were not read would make the
  /// system reset the connection, and a reset overtakes the answer.
  template <typename Stream>
  static awaitable<void> part(Stream& stream, std::chrono::milliseconds patience) {
    auto& lowest = beast::get_lowest_layer(stream);
    lowest.expires_after(patience);
    co_await say_goodbye(stream);
    error_code error;
    lowest.socket().shutdown(tcp::socket::shutdown_send, error);
    std::array<char, 4096> ignored;
    for (size_t left = 64 * 1024; !error && left > ignored.size();) {
      auto [read_error, size] = co_await lowest.async_read_some(asio::buffer(ignored), kAwaitAny);
      error = read_error;
      left -= size;
    }
  }

  AdminConfig config_;
  std::shared_ptr<asio::ssl::context> tls_;
  AdminHooks hooks_;
  Log* log_;
  const Limits limits_;
  std::vector<tcp::acceptor> acceptors_;
  std::list<Connection> connections_;  // that wait longest: first
  bool closed_ = false;
};

AdminServer::AdminServer(asio::io_context& context, const AdminConfig& config, AdminHooks hooks,
                         Log& log, const Limits& limits)
    : shared_(std::make_shared<Shared>(context, config, std::move(hooks), log, limits)) {
  shared_->start();
}

AdminServer::~AdminServer() { shared_->close(); }

tcp::endpoint AdminServer::endpoint() const { return shared_->endpoint(); }

void AdminServer::reload(const AdminConfig& config) { shared_->reload(config); }

}  // namespace redactd
