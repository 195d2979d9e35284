#pragma once

// YAML packs → rules. The format is described in docs/rules.md.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "filters/rule_set.h"

namespace redactd {

/// A rule and where each of its keys stands, for errors that show only when it is compiled or
/// tried.
struct LoadedRule {
  Rule rule;
  std::string path;  // rules[3]
  Location location;
  bool sound = true;  // nothing was wrong with it when it was read
  std::map<std::string, Location, std::less<>> keys;

  /// The place of `key` (`examples[1]` falls back to `examples`, then to the rule).
  Location place_of(std::string_view key) const;
};

/// Reads the file at `path`; nothing when it cannot be read.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

/// Parses a pack. `read_file` gives the contents of the files that `known` rules name, relative to
/// the pack's folder. Everything that is wrong goes to `diagnostics`; the rules that could be read
/// are returned all the same.
std::vector<LoadedRule> parse_rules(const std::string& text, const std::string& file,
                                    const FileReader& read_file, Diagnostics& diagnostics);

/// Reads packs from files, or from every .yaml file of a folder in the order of names. Ids may not
/// repeat.
std::vector<LoadedRule> load_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics);

/// Compiles the rules that were read without errors, then tries each rule's examples and keep lines
/// through the engine. Returns the rules that compile. What `previous` (may be null) has compiled
/// already is shared with it.
std::shared_ptr<const RuleSet> check_rules(const std::vector<LoadedRule>& rules,
                                           Diagnostics& diagnostics,
                                           const RuleSet* previous = nullptr);

/// What the built-in rules have to show beyond a user's: two examples and a keep line each.
void check_builtin_examples(const std::vector<LoadedRule>& rules, Diagnostics& diagnostics);

}  // namespace redactd
