#pragma once

// What can be seen only when all sources, sinks and the rest stand side by side.

#include <vector>

#include "config/daemon/daemon_config.h"
#include "config/yaml_reader.h"

namespace redactd {

/// The entries of `sources` and `sinks`, in the order of the configuration's.
struct ConfigPlaces {
  std::vector<YamlReader> sources;
  std::vector<YamlReader> sinks;
};

void cross_check(const DaemonConfig& config, const ConfigPlaces& places,
                 const YamlReader& document);

}  // namespace redactd
