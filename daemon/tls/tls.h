#pragma once

// TLS for whoever is connected to: sources and the admin endpoint (RFC 5425).

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// At least TLS 1.2, no renegotiation, no early data, no compression; client certificates as
/// `config` says. Throws boost::system::system_error when a file cannot be used.
std::shared_ptr<boost::asio::ssl::context> make_server_tls(const TlsConfig& config);

/// A host's name without the dot of the root at its end, which TLS never writes (RFC 6066 §3).
std::string without_root(std::string name);

/// Whether one of the certificate's subject alternative names is `name`: an IP address, a host
/// name, or `*.` and a domain, which means every host directly in it. A wildcard in the certificate
/// stands for a whole left-most label; the common name does not count (RFC 6125 §6.4).
bool certificate_has_name(X509* certificate, std::string name);

/// Whether the peer's certificate bears one of `names` .
bool peer_has_name(SSL* tls, const std::vector<std::string>& names);

}  // namespace redactd
