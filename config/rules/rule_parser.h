#pragma once

// One rule of a pack, from YAML.

#include <filesystem>
#include <optional>

#include "config/rules/rule_loader.h"
#include "config/yaml_reader.h"

namespace redactd {

/// Where the files that rules name are looked for, and what errors show of that.
struct PackFolder {
  std::filesystem::path path;
  std::filesystem::path shown;
};

/// Goes on after each error, so that all are reported; nothing when what there is is no rule at
/// all.
std::optional<LoadedRule> parse_rule(const YamlReader& reader, const PackFolder& folder,
                                     const FileReader& read_file);

}  // namespace redactd
