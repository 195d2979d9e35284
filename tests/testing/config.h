#pragma once

#include <string>

#include "config/daemon/daemon_config.h"
#include "config/surroundings.h"

namespace redactd::test {

/// A machine where *.key is a private key, *.crl a list of revoked certificates and every other
/// file the key's certificate, and where no variable is set but TOKEN, which is long enough for
/// one.
const Surroundings& machine_with_certificates();

/// `sources` and `sinks` that are right, with `more` behind them.
std::string daemon_yaml(const std::string& more);

/// config/redactd.yaml with every option in force, also those that are commented out.
std::string reference_in_force();

DaemonConfig parse_config(const std::string& yaml, Diagnostics& diagnostics);

/// Expects no errors.
DaemonConfig good_config(const std::string& yaml);

/// All errors, a line each, without the name of the file.
std::string errors_of_config(const std::string& yaml);

}  // namespace redactd::test
