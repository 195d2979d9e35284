#pragma once

// The keys that the files of the filter and of the daemon have in common.

#include "config/option_table.h"
#include "config/settings.h"
#include "config/yaml_reader.h"

namespace redactd {

extern const Words kSettingsKeys;

/// Reads those keys of a document over `settings`; others are not looked at.
void read_settings(const YamlReader& document, Settings& settings);

/// Notes where everything stands that has been read.
void keep_places(const YamlReader& document, Settings& settings);

/// The top-level keys of the daemon alone.
extern const Words kDaemonKeys;

/// Whose file it is; unknown keys, and the daemon's in a filter's file, are reported. Nothing when
/// the document is no map.
std::optional<ConfigUse> check_top_level(const YamlReader& document);

void add_settings_options(OptionTable& table);

}  // namespace redactd
