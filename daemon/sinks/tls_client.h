#pragma once

// TLS towards an aggregator: whom to believe and what to show.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "config/daemon/daemon_config.h"
#include "daemon/sinks/sink_connection.h"

namespace redactd {

/// Made of one sink's certificates as they are on disk at that time; immutable.
class TlsClient {
 public:
  /// Throws boost::system::system_error or std::runtime_error, saying which file is at fault.
  explicit TlsClient(const TlsConfig& config);

  /// A stream that is to be connected and then shakes hands as a client. Unless verification is
  /// off, the handshake fails if no CA vouches for the peer, if it is revoked, or if none of its
  /// subject alternative names is `host` or, where they are given, one of the configuration's peer
  /// names. The common name counts for nothing; a wildcard stands for one whole left-most label.
  /// The TlsClient must outlive the stream's handshake.
  std::unique_ptr<TlsStream> stream(StreamSocket socket, const std::string& host);

  /// Whether the server has asked for a certificate and will judge it only after the handshake
  /// (TLS 1.3).
  static bool awaits_verdict(TlsStream& stream);

  /// Why the handshake failed.
  static std::string failure(TlsStream& stream, const boost::system::error_code& error);

 private:
  void load_own_certificate();
  void load_authorities();
  void load_revocations();

  const TlsConfig config_;
  boost::asio::ssl::context context_;
};

}  // namespace redactd
