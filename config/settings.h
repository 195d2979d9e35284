#pragma once

// What a user can set, from the configuration file and the command line. Defaults stand here and
// nowhere else.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/rules/allow_reader.h"
#include "filters/redactor.h"
#include "filters/rule_set.h"

namespace redactd {

/// The built-in rule that masks the self-check's made-up secret and nothing else.
inline constexpr std::string_view kSelfCheckRule = "redactd-self-check";

inline constexpr size_t kGreatestMaxRecord = size_t{1} << 30;  // the least: kLeastMaxRecord

struct Settings {
  std::vector<std::string> rule_paths;      // packs of one's own: files or folders
  std::vector<std::string> gitleaks_files;  // configurations of gitleaks
  std::vector<std::string> enable;          // ids or tags; `all`
  std::vector<std::string> disable;         // ids or tags; `all`
  std::vector<std::string> known_files;     // files with one known value a line
  bool known_encodings = true;              // false: only the values as they are
  bool known_at_run_time = false;           // more values come then, so no rule need be active
  std::vector<AllowEntry> allow;            // what passes in clear
  MaskSpec mask;
  std::string mask_key_file;  // for fingerprints
  std::string mask_key_id;
  size_t max_record = Limits{}.max_record;  // bytes
  /// Where things stand in the file. The words and files above that are lists: by their number in
  /// them, `rules.disable[1]`.
  Places places;
};

/// What a configuration file is for: with the key `sources` it is the daemon's.
enum class ConfigUse { filter, daemon };

/// Reads from a configuration file what filter and daemon have in common over `settings`, and tells
/// whose file it is. Errors go to `diagnostics`. Relative paths in the file are relative to the
/// file.
ConfigUse load_settings(const std::string& path, Settings& settings, Diagnostics& diagnostics);

/// All rules with whether each is on: the built-in ones, then the user's, an equal id of the user's
/// replacing the built-in rule.
struct ActiveRules {
  RuleGroup builtin;
  RuleGroup optional;  // built in, off until asked for
  RuleGroup own;
  RuleGroup gitleaks;
  RuleGroup known;
  std::vector<Diagnostic> remarks;         // on what a gitleaks file says and does not do here
  std::shared_ptr<const RuleSet> checked;  // `own`, as it was compiled to be checked; may be null
};
/// What `previous` (may be null) has compiled already is not compiled again to be checked.
ActiveRules select_rules(const Settings& settings, Diagnostics& diagnostics,
                         const RuleSet* previous = nullptr);

/// Rules, masks and databases ready for use. Null when `diagnostics` got an error. `known` are
/// rules besides those of Settings::known_files; what `previous` (may be null) has compiled already
/// is shared with it. Rules whose databases are new have passed self_test().
std::shared_ptr<const RuleSet> build_rule_set(const Settings& settings, Diagnostics& diagnostics,
                                              RuleGroup known = {},
                                              const RuleSet* previous = nullptr);

/// The built-in packs with their examples, parsed from the texts in the program.
std::vector<struct LoadedRule> parse_builtin_packs(Diagnostics& diagnostics);

}  // namespace redactd
