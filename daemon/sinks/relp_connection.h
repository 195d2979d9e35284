#pragma once

// A connection that speaks RELP over TCP or TLS: each record is a command, and the peer's program
// answers each once it has it. That answer is what unacknowledged() goes by.

#include <memory>
#include <string>

#include "daemon/sinks/sink_connection.h"

namespace redactd {

/// As Connected in connect.h: null and the reason if the peer does not open the session within
/// connect_timeout. The connection ends by itself when a record has waited peer_timeout for the
/// answer that is next.
struct RelpOpened {
  std::shared_ptr<SinkConnection> connection;
  std::string error;
};
/// `socket` is connected. Records are in octet counting.
Awaitable<RelpOpened> open_relp(StreamSocket socket, const SinkConfig& config, IoExecutor home);
/// The handshake is done.
Awaitable<RelpOpened> open_relp(std::unique_ptr<TlsStream> stream, const SinkConfig& config,
                                IoExecutor home);

}  // namespace redactd
