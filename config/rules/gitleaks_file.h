#pragma once

// Configuration files of gitleaks v8 (TOML) → rules of the kind `regex`.

#include <string>
#include <vector>

#include "config/rules/rule_loader.h"

namespace redactd {

/// What became of one rule of a gitleaks file.
struct GitleaksVerdict {
  enum class How {
    exact,        // masks what gitleaks finds in a record
    approximate,  // masks more, or the secret has to stand within one record
    refused       // masks nothing
  };
  std::string id;    // as in the file
  std::string rule;  // its id here; empty when it is refused
  How how = How::exact;
  std::vector<std::string> reasons;  // why it is not exact
  Location location;
};
std::string_view to_string(GitleaksVerdict::How how);

struct GitleaksRules {
  std::vector<LoadedRule> rules;
  std::vector<GitleaksVerdict> verdicts;  // in the order of the files
  /// What has no meaning in a stream and belongs to no single rule.
  std::vector<Diagnostic> remarks;
};

/// Reads the files and those that they extend; ids are unique over all. What gitleaks itself would
/// refuse goes to `diagnostics`, and so do expressions that RE2 does not take.
GitleaksRules load_gitleaks(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace redactd
