#pragma once

// The addresses of an endpoint's name.

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/await.h"

namespace redactd {

using TcpAddresses = std::vector<boost::asio::ip::tcp::endpoint>;

/// Asks for them anew each time. getaddrinfo cannot be interrupted and may take half a minute where
/// a name server is silent: it has a thread of its own while it is under way, so that it holds up
/// neither another endpoint's name nor the end of redactd. An answer that comes too late is there
/// the next time. On the home thread, but for `ask`.
class NameLookup {
 public:
  using Ask = std::function<boost::system::error_code(const Address&, TcpAddresses&)>;

  NameLookup();  // asks the system
  explicit NameLookup(Ask ask);
  ~NameLookup();
  NameLookup(NameLookup&&) = default;
  NameLookup& operator=(NameLookup&&) = delete;

  /// The answer, if it comes within `time` and is no error; else the last good one. An error if
  /// there has been none. All arguments live as long as the coroutine.
  Awaitable<boost::system::error_code> find(const Address& to, Milliseconds time, IoExecutor home,
                                            TcpAddresses& found);

 private:
  struct Question;
  class Waiting;

  boost::system::error_code begin(const Address& to, const IoExecutor& home);

  Ask ask_;
  std::shared_ptr<Question> question_;  // that is open, or whose answer nobody has taken
  TcpAddresses last_;                   // of the last good answer
};

}  // namespace redactd
