#pragma once

// The rules that are part of the program, with their databases compiled at build time.

#include <string_view>
#include <vector>

#include "filters/rule_set.h"

namespace redactd {

/// One file of filters/rules/, as it was when the program was built.
struct PackFile {
  std::string_view name;  // filters/rules/cloud.yaml
  std::string_view text;
};

/// The rules without their keep lines, ready to be compiled: nothing has to be parsed at start.
std::vector<Rule> builtin_rules();
/// Those of the optional packs: they are in no embedded database.
std::vector<Rule> optional_rules();
std::vector<EmbeddedDatabase> builtin_databases();
std::vector<PackFile> builtin_files();

}  // namespace redactd
