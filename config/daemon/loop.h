#pragma once

// Records that redactd writes to where it reads go round for ever.

#include "config/daemon/daemon_config.h"

namespace redactd {

/// Whether what is sent to `endpoint` comes in at the source again.
bool leads_back(const Address& endpoint, const SourceConfig& source);

/// Whether something of what the sink writes does.
bool leads_back(const SinkConfig& sink, const SourceConfig& source);

/// A source that listens.
bool has_address(const SourceConfig& source);

/// As it can be compared with others.
std::string plain_path(const std::string& path);

}  // namespace redactd
