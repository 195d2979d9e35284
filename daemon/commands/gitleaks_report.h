#pragma once

#include <nlohmann/json.hpp>

#include "config/rules/gitleaks_file.h"

namespace redactd {

/// What became of each rule of gitleaks files, a line each, and how many are exact, approximate and
/// refused.
void print_gitleaks(const GitleaksRules& loaded);
nlohmann::ordered_json gitleaks_json(const GitleaksRules& loaded);

}  // namespace redactd
