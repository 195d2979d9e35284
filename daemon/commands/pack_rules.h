#pragma once

// The rules that a command of `redactd rules` is about.

#include <string>
#include <vector>

#include "config/rules/gitleaks_file.h"
#include "config/rules/rule_loader.h"

namespace redactd {

struct PackRules {
  std::vector<LoadedRule> rules;
  GitleaksRules gitleaks;  // what became of those of .toml files, which are in `rules` too
};

/// From packs, folders of them and gitleaks files; without a path, the built-in packs.
PackRules load_pack_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace redactd
