#pragma once

// From an endpoint of the configuration to a connection.

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/await.h"
#include "daemon/sinks/sink_connection.h"
#include "daemon/sinks/tls_client.h"

namespace redactd {

struct Connected {
  std::shared_ptr<SinkConnection> connection;  // null: it failed
  std::string error;
};

/// Resolves the name anew each time, tries its addresses in order, shakes hands. Each of these
/// steps may take the connect time-out. If the name cannot be resolved, the addresses are used that
/// the last good answer gave: they are kept in `addresses`. `tls` may be null if `to` is not
/// tls://. All arguments live as long as the coroutine.
Awaitable<Connected> connect(const Address& to, const SinkConfig& config,
                             std::shared_ptr<TlsClient> tls,
                             std::vector<boost::asio::ip::tcp::endpoint>& addresses,
                             IoExecutor home);

}  // namespace redactd
