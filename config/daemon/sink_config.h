#pragma once

// One entry of `sinks`.

#include "config/daemon/daemon_config.h"
#include "config/option_table.h"

namespace redactd {

/// Reads an entry and checks what can be seen in it alone.
SinkConfig read_sink(const YamlReader& reader);

void add_sink_options(OptionTable& table);

}  // namespace redactd
