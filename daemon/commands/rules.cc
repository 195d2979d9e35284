#include "daemon/commands/rules.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "config/rules/builtin_pack.h"
#include "config/rules/gitleaks_file.h"
#include "config/rules/rule_loader.h"
#include "config/settings.h"
#include "config/whole_file.h"
#include "daemon/commands/gitleaks_report.h"
#include "daemon/commands/pack_rules.h"
#include "daemon/exit_code.h"

namespace redactd {
namespace {

struct ListedRule {
  const Rule* rule = nullptr;
  bool on = true;
  const char* origin = "";
};

std::vector<ListedRule> listed(const ActiveRules& active) {
  std::vector<ListedRule> all;
  auto add = [&](const RuleGroup& group, const char* origin) {
    for (size_t i = 0; i < group.rules.size(); ++i) {
      all.push_back({&group.rules[i], i >= group.muted.size() || !group.muted[i], origin});
    }
  };
  add(active.builtin, "built-in");
  add(active.optional, "built-in");
  add(active.own, "own");
  add(active.gitleaks, "gitleaks");
  add(active.known, "known");
  std::sort(all.begin(), all.end(),
            [](const ListedRule& a, const ListedRule& b) { return a.rule->id < b.rule->id; });
  return all;
}

nlohmann::ordered_json summary(const ListedRule& listed) {
  const Rule& rule = *listed.rule;
  return {{"id", rule.id},
          {"title", rule.title},
          {"kind", to_string(rule.kind)},
          {"severity", to_string(rule.severity)},
          {"tags", rule.tags},
          {"reference", rule.reference},
          {"enabled", listed.on},
          {"origin", listed.origin}};
}

/// The text of one rule in its file, from its first line to the next rule.
std::string source_of(const LoadedRule& rule, std::string_view text) {
  bool toml = rule.location.file.ends_with(".toml");
  size_t line = rule.location.line;
  size_t begin = 0;
  for (size_t i = 1; i < line && begin != std::string_view::npos; ++i)
    begin = text.find('\n', begin) + 1;
  size_t end = text.find(toml ? "\n[[rules]]" : "\n  - ", begin + 1);
  std::string source(text.substr(begin, end == std::string_view::npos ? end : end + 1 - begin));
  while (!source.empty() && source.back() == '\n') source.pop_back();
  return source + '\n';
}

/// All rules with their examples: built-in packs, the user's, and those of gitleaks files.
struct Packs {
  std::vector<LoadedRule> rules;
  Diagnostics diagnostics;

  explicit Packs(const Settings& settings) {
    rules = load_rules(settings.rule_paths, diagnostics);
    std::vector<LoadedRule> builtin = parse_builtin_packs(diagnostics);
    rules.insert(rules.end(), builtin.begin(), builtin.end());
    std::vector<LoadedRule> gitleaks = load_gitleaks(settings.gitleaks_files, diagnostics).rules;
    rules.insert(rules.end(), gitleaks.begin(), gitleaks.end());
  }
  const LoadedRule* find(const std::string& id) const {
    auto found = std::find_if(rules.begin(), rules.end(),
                              [&](const LoadedRule& rule) { return rule.rule.id == id; });
    return found == rules.end() ? nullptr : &*found;
  }
};

std::string text_of(const std::string& file) {
  for (const PackFile& pack : builtin_files()) {
    if (pack.name == file) return std::string(pack.text);
  }
  Diagnostics ignored;
  return read_whole_file(file, ignored).value_or("");
}

}  // namespace

int list_rules(const Options& options) {
  Diagnostics diagnostics;
  ActiveRules active = select_rules(options.settings, diagnostics);
  if (!diagnostics.empty()) {
    report(diagnostics);
    return kUsage;
  }
  std::vector<ListedRule> all = listed(active);
  if (options.json) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const ListedRule& rule : all) out.push_back(summary(rule));
    std::cout << out.dump(2) << '\n';
    return kDone;
  }
  size_t width = 4;
  for (const ListedRule& rule : all) width = std::max(width, rule.rule->id.size());
  std::cout << std::left << std::setw(static_cast<int>(width)) << "ID"
            << "  ON   KIND      SEVERITY  TITLE\n";
  for (const ListedRule& rule : all) {
    std::cout << std::setw(static_cast<int>(width)) << rule.rule->id << "  "
              << (rule.on ? "on " : "off") << "  " << std::setw(8) << to_string(rule.rule->kind)
              << "  " << std::setw(8) << to_string(rule.rule->severity) << "  " << rule.rule->title
              << '\n';
  }
  return kDone;
}

int show_rules(const Options& options) {
  Packs packs(options.settings);
  Diagnostics& diagnostics = packs.diagnostics;
  std::vector<std::string_view> ids;
  for (const LoadedRule& rule : packs.rules) ids.push_back(rule.rule.id);
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const std::string& id : options.arguments) {
    const LoadedRule* loaded = packs.find(id);
    if (loaded == nullptr) {
      diagnostics.add(
          {}, "",
          "no rule has the id '" + id + "'" + did_you_mean(id, ids) + " (redactd rules list)");
      continue;
    }
    std::string source = source_of(*loaded, text_of(loaded->location.file));
    if (!options.json) {
      std::cout << "# " << loaded->location.file << ':' << loaded->location.line << '\n' << source;
      continue;
    }
    nlohmann::ordered_json rule = summary({&loaded->rule, loaded->rule.enabled_by_default, ""});
    rule.erase("origin");
    rule["file"] = loaded->location.file;
    rule["line"] = loaded->location.line;
    rule["source"] = source;
    rule["examples"] = loaded->rule.examples.size();
    rule["keep"] = loaded->rule.keep.size();
    out.push_back(rule);
  }
  if (options.json) std::cout << out.dump(2) << '\n';
  if (diagnostics.empty()) return kDone;
  report(diagnostics);
  return kUsage;
}

int check_packs(const Options& options) {
  Diagnostics diagnostics;
  PackRules packs = load_pack_rules(options.arguments, diagnostics);
  check_rules(packs.rules, diagnostics);
  if (!diagnostics.empty()) {
    report(diagnostics);
    return kUsage;
  }
  const bool of_gitleaks = !packs.gitleaks.verdicts.empty();
  size_t count = packs.rules.size();
  if (options.json) {
    nlohmann::ordered_json out = {{"rules", count}};
    if (of_gitleaks) out["gitleaks"] = gitleaks_json(packs.gitleaks);
    std::cout << out.dump(2) << '\n';
    return kDone;
  }
  if (of_gitleaks) print_gitleaks(packs.gitleaks);
  std::cout << count << (count == 1 ? " rule is" : " rules are") << " in order\n";
  return kDone;
}

namespace {

nlohmann::ordered_json test_json(const PackRules& packs, const Diagnostics& diagnostics,
                                 size_t examples, size_t keep) {
  nlohmann::ordered_json failures = nlohmann::ordered_json::array();
  for (const Diagnostic& diagnostic : diagnostics.all()) failures.push_back(diagnostic.text());
  return {{"rules", packs.rules.size()},
          {"examples", examples},
          {"keep", keep},
          {"failures", failures}};
}

/// A line for each rule of the user's, for he wants to see that his own were run.
void print_tested(const PackRules& packs, const Diagnostics& diagnostics) {
  for (const LoadedRule& rule : packs.rules) {
    auto of_rule = [&](const Diagnostic& error) {
      return error.location.file == rule.location.file &&
             (error.path == rule.path || error.path.starts_with(rule.path + "."));
    };
    bool failed = std::any_of(diagnostics.all().begin(), diagnostics.all().end(), of_rule);
    std::cout << (failed ? "FAILED  " : "ok      ") << rule.rule.id << "  "
              << rule.rule.examples.size() << " to mask, " << rule.rule.keep.size() << " to keep\n";
  }
}

}  // namespace

int test_packs(const Options& options) {
  Diagnostics diagnostics;
  PackRules packs = load_pack_rules(options.arguments, diagnostics);
  check_rules(packs.rules, diagnostics);
  size_t examples = 0;
  size_t keep = 0;
  for (const LoadedRule& rule : packs.rules) {
    examples += rule.rule.examples.size();
    keep += rule.rule.keep.size();
  }
  if (options.json) {
    std::cout << test_json(packs, diagnostics, examples, keep).dump(2) << '\n';
  } else {
    if (!options.arguments.empty()) print_tested(packs, diagnostics);
    std::cerr << diagnostics.text();
    std::cout << packs.rules.size() << " rules, " << examples << " examples to mask, " << keep
              << " lines to keep: " << diagnostics.all().size() << " failed\n";
  }
  return diagnostics.empty() ? kDone : kUsage;
}

}  // namespace redactd
