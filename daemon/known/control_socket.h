#pragma once

// The Unix socket on which `redactd known` is answered.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/known/control_protocol.h"
#include "daemon/known/secret.h"
#include "daemon/sources/socket_path.h"

namespace redactd {

/// Of one thread. With a mode of 0600 only root and the user whom redactd runs as are answered;
/// with a wider one whoever the file system lets connect.
class ControlSocket : public std::enable_shared_from_this<ControlSocket> {
 public:
  using Answer = std::function<boost::asio::awaitable<ControlAnswer>(ControlRequest, Secret)>;
  using Warn = std::function<void(std::string_view reason)>;

  /// Listens. Takes the place of a socket that nobody answers any more, of nothing else. Throws
  /// std::exception.
  static std::shared_ptr<ControlSocket> open(boost::asio::io_context& context,
                                             const std::string& path, unsigned mode, Answer answer,
                                             Warn warn);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// Ends all connections and removes the socket, if it is still its own.
  void close();

 private:
  struct Session;
  using Protocol = boost::asio::local::stream_protocol;

  ControlSocket(boost::asio::io_context& context, std::string path, unsigned mode, Answer answer,
                Warn warn);
  void listen();
  bool may_ask(Protocol::socket& peer) const;
  bool make_room();
  static boost::asio::awaitable<void> accept(std::shared_ptr<ControlSocket> self);
  static boost::asio::awaitable<void> serve(std::shared_ptr<ControlSocket> self,
                                            std::shared_ptr<Session> session);
  boost::asio::awaitable<ControlAnswer> answer_to(std::shared_ptr<Session> session);

  std::string path_;
  unsigned mode_;
  Answer answer_;
  Warn warn_;
  Protocol::acceptor acceptor_;
  std::list<std::shared_ptr<Session>> sessions_;  // the oldest first
  SocketPath own_;
};

}  // namespace redactd
