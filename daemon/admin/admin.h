#pragma once

// The admin endpoint: metrics, probes and reload over HTTP/1.1 (RFC 9112), by Boost.Beast. What is
// answered stands in admin_response.h; here are the connections. All of it is on the control
// thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "config/daemon/daemon_config.h"
#include "daemon/admin/admin_response.h"
#include "daemon/log.h"

namespace redactd {

class AdminServer {
 public:
  struct Limits {
    std::chrono::milliseconds request =
        std::chrono::seconds(5);  // to send one, and to take the answer
    std::chrono::milliseconds idle = std::chrono::seconds(75);  // between two requests
    size_t requests = 1000;                                     // on a connection
    size_t connections = 16;
  };

  /// Listens. Throws std::runtime_error that says what cannot be done and why: the address cannot
  /// be bound, a certificate cannot be used. `context`, `log` and what the hooks refer to outlive
  /// it.
  AdminServer(boost::asio::io_context& context, const AdminConfig& config, AdminHooks hooks,
              Log& log, const Limits& limits);
  AdminServer(boost::asio::io_context& context, const AdminConfig& config, AdminHooks hooks,
              Log& log)
      : AdminServer(context, config, std::move(hooks), log, Limits()) {}
  /// Closes everything; what still runs of a connection afterwards touches no hook.
  ~AdminServer();

  boost::asio::ip::tcp::endpoint endpoint() const;

  /// Token and certificates, read again, for what comes from now on; the address stays. Throws
  /// std::runtime_error when a certificate cannot be used; then the old ones stay as well.
  void reload(const AdminConfig& config);

 private:
  class Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace redactd
