#pragma once

// The map `known_values`.

#include "config/daemon/daemon_config.h"
#include "config/option_table.h"

namespace redactd {

KnownValuesConfig read_known_values(const YamlReader& reader);

void add_known_options(OptionTable& table);

}  // namespace redactd
