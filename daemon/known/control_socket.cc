#include "daemon/known/control_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <exception>
#include <system_error>

#include "daemon/await.h"
#include "daemon/or_end.h"

namespace redactd {
namespace {

namespace asio = boost::asio;

constexpr size_t kMostSessions = 64;
constexpr std::chrono::seconds kRequestTime{10};
constexpr std::chrono::seconds kAnswerTime{120};
constexpr std::chrono::milliseconds kAcceptPause{500};

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

struct ControlSocket::Session {
  explicit Session(Protocol::socket connected)
      : peer(std::move(connected)), timer(peer.get_executor()) {}

  void close() {
    boost::system::error_code ignored;
    peer.close(ignored);
    timer.cancel();
  }
  /// It is closed then, unless it is given another time before.
  static void give_time(const std::shared_ptr<Session>& session, std::chrono::seconds time) {
    session->timer.expires_after(time);
    session->timer.async_wait(
        [weak = std::weak_ptr<Session>(session)](boost::system::error_code error) {
          std::shared_ptr<Session> late = weak.lock();
          if (!error && late) late->close();
        });
  }

  Protocol::socket peer;
  asio::steady_timer timer;
  bool asked = false;  // its request has come
};

std::shared_ptr<ControlSocket> ControlSocket::open(asio::io_context& context,
                                                   const std::string& path, unsigned mode,
                                                   Answer answer, Warn warn) {
  std::shared_ptr<ControlSocket> socket(
      new ControlSocket(context, path, mode, std::move(answer), std::move(warn)));
  socket->listen();
  asio::co_spawn(context, accept(socket), kOrEnd);
  return socket;
}

ControlSocket::ControlSocket(asio::io_context& context, std::string path, unsigned mode,
                             Answer answer, Warn warn)
    : path_(std::move(path)),
      mode_(mode),
      answer_(std::move(answer)),
      warn_(std::move(warn)),
      acceptor_(context) {}

ControlSocket::~ControlSocket() { close(); }

void ControlSocket::listen() {
  Protocol::endpoint endpoint(path_);  // the configuration takes no path that is too long for one
  clear_socket_path(path_, SOCK_STREAM);
  auto require = [this](const boost::system::error_code& error) {
    if (error) fail(path_, error.value());
  };
  boost::system::error_code error;
  require(acceptor_.open(endpoint.protocol(), error));
  // Before bind(): at no moment may others connect. The umask may have taken bits away.
  if (fchmod(acceptor_.native_handle(), mode_) != 0) fail(path_, errno);
  require(acceptor_.bind(endpoint, error));
  own_.take(path_, mode_);
  require(acceptor_.listen(asio::socket_base::max_listen_connections, error));
}

void ControlSocket::close() {
  if (!acceptor_.is_open()) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const std::shared_ptr<Session>& session : sessions_) session->close();
  own_.remove();
}

bool ControlSocket::may_ask(Protocol::socket& peer) const {
  if ((mode_ & 077) != 0) return true;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(peer.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return false;
  return credentials.uid == 0 || credentials.uid == geteuid();
}

/// Whoever has connected and says nothing must not keep others from asking: the longest silent one
/// goes.
bool ControlSocket::make_room() {
  if (sessions_.size() < kMostSessions) return true;
  auto silent = std::find_if(sessions_.begin(), sessions_.end(),
                             [](const auto& session) { return !session->asked; });
  if (silent == sessions_.end()) return false;
  (*silent)->close();
  sessions_.erase(silent);
  return true;
}

asio::awaitable<void> ControlSocket::accept(std::shared_ptr<ControlSocket> self) {
  asio::steady_timer pause(self->acceptor_.get_executor());
  while (self->acceptor_.is_open()) {
    auto [error, peer] = co_await self->acceptor_.async_accept(kAwaitAny);
    if (!self->acceptor_.is_open()) co_return;
    if (error) {  // out of file descriptors
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwaitAny);
    } else if (self->make_room()) {
      auto session = std::make_shared<Session>(std::move(peer));
      self->sessions_.push_back(session);
      asio::co_spawn(self->acceptor_.get_executor(), serve(self, session),
                     [self, session](const std::exception_ptr&) {  // without memory: this one alone
                       session->close();
                       self->sessions_.remove(session);
                     });
    }
  }
}

asio::awaitable<void> ControlSocket::serve(std::shared_ptr<ControlSocket> self,
                                           std::shared_ptr<Session> session) {
  Session::give_time(session, kRequestTime);
  ControlAnswer answer;
  if (self->may_ask(session->peer)) {
    answer = co_await self->answer_to(session);
  } else {
    self->warn_("somebody else than root and redactd's own user was turned away");
    answer.error = "only root and the user whom redactd runs as may ask";
  }
  std::string line = to_line(answer);
  co_await asio::async_write(session->peer, asio::buffer(line), kAwaitAny);
}

asio::awaitable<ControlAnswer> ControlSocket::answer_to(std::shared_ptr<Session> session) {
  // The first read may bring a part of the value as well.
  Secret read = Secret::of_size(kLongestHeader);
  size_t size = 0;
  size_t end = std::string_view::npos;
  while (end == std::string_view::npos && size < read.size()) {
    auto [error, got] = co_await session->peer.async_read_some(
        asio::buffer(read.data() + size, read.size() - size), kAwaitAny);
    if (error) break;
    size += got;
    end = read.view().substr(0, size).find('\n');
  }
  ControlAnswer answer;
  std::optional<ControlRequest> request =
      parse_request(read.view().substr(0, end == std::string_view::npos ? 0 : end), answer.error);
  if (!request) co_return answer;
  std::string_view rest = read.view().substr(end + 1, size - end - 1);
  Secret value = Secret::of_size(request->size);
  size_t begun = rest.copy(value.data(), value.size());
  auto [error, got] = co_await asio::async_read(
      session->peer, asio::buffer(value.data() + begun, value.size() - begun), kAwaitAny);
  if (error) {
    answer.error = "the value did not come whole";
    co_return answer;
  }
  session->asked = true;
  Session::give_time(session, kAnswerTime);
  co_return co_await answer_(std::move(*request), std::move(value));
}

}  // namespace redactd
