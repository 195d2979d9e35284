#pragma once

// The map `admin`.

#include "config/daemon/daemon_config.h"
#include "config/option_table.h"

namespace redactd {

AdminConfig read_admin(const YamlReader& reader);

void add_admin_options(OptionTable& table);

}  // namespace redactd
