#pragma once

// The `tls` map of a source, a sink and the admin endpoint.

#include "config/daemon/daemon_config.h"
#include "config/option_table.h"

namespace redactd {

extern const Words kServerTlsKeys;
extern const Words kClientTlsKeys;
extern const Words kClientCertificates;
extern const Words kTlsVersions;

/// A server needs a certificate. Files are opened and checked, see tls_check.h.
TlsConfig read_server_tls(const YamlReader& owner);
TlsConfig read_client_tls(const YamlReader& owner);

}  // namespace redactd
