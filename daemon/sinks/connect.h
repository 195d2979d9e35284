#pragma once

// From an endpoint of the configuration to a connection.

#include <memory>
#include <string>

#include "config/daemon/daemon_config.h"
#include "daemon/await.h"
#include "daemon/sinks/name_lookup.h"
#include "daemon/sinks/sink_connection.h"
#include "daemon/sinks/tls_client.h"

namespace redactd {

struct Connected {
  std::shared_ptr<SinkConnection> connection;  // null: it failed
  std::string error;
};

/// Resolves the name anew each time, tries its addresses in order, shakes hands. Each of these
/// steps may take the connect time-out. `tls` may be null if `to` is not tls://. All arguments live
/// as long as the coroutine.
Awaitable<Connected> connect(const Address& to, const SinkConfig& config,
                             std::shared_ptr<TlsClient> tls, NameLookup& name, IoExecutor home);

}  // namespace redactd
