#pragma once

// One entry of `sources`.

#include "config/daemon/daemon_config.h"
#include "config/option_table.h"

namespace redactd {

/// Reads an entry and checks what can be seen in it alone.
SourceConfig read_source(const YamlReader& reader);

void add_source_options(OptionTable& table);

/// `octet_counting` … in the order of the enum; sources and sinks share it.
extern const Words kFramings;

}  // namespace redactd
