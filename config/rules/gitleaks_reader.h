#pragma once

// A gitleaks configuration as it is written: TOML, with the files that it extends. What its rules
// mean here is told by gitleaks_file.h.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/diagnostic.h"
#include "config/toml_reader.h"
#include "filters/rule.h"

namespace redactd {

/// An allowlist, as far as it has a meaning here.
struct GitleaksAllowlist {
  explicit GitleaksAllowlist(TomlReader table) : reader(std::move(table)) {}

  Allowance allowance;
  bool by_file = false;            // it also names paths or commits
  bool empty = false;              // and nothing else, or needs them to hold
  std::vector<std::string> rules;  // ids; empty: all
  TomlReader reader;
};

/// A rule as the file has it, before it is known what it extends.
struct GitleaksDraft {
  explicit GitleaksDraft(TomlReader table)
      : reader(std::move(table)), regex_reader(reader["regex"]) {}

  TomlReader reader;
  std::string id;
  std::string description;
  std::optional<std::string> regex;
  TomlReader regex_reader;
  std::string path;
  std::optional<size_t> group;
  double entropy = 0;
  std::vector<std::string> keywords;
  std::vector<std::string> tags;
  std::vector<GitleaksAllowlist> allow;
  bool required = false;
  bool skipped = false;
};

struct GitleaksFile {
  std::vector<GitleaksDraft> rules;
  std::vector<GitleaksAllowlist> allow;
  bool extends_default = false;
};

/// Reads the file and what it extends. Errors go to `diagnostics`, what is passed over to
/// `remarks`; what could be read comes back all the same.
GitleaksFile read_gitleaks(const std::string& path, Diagnostics& diagnostics,
                           std::vector<Diagnostic>& remarks);

}  // namespace redactd
