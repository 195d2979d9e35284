// The configuration that gitleaks ships with, and the examples of its tests, when they are there
// (../shared): it loads as it is and masks what gitleaks finds.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "config/rules/builtin_pack.h"
#include "config/rules/gitleaks_file.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

const std::string kFile = std::string(REDACTD_SHARED_DIR) + "/gitleaks.toml";
const std::string kExamples = std::string(REDACTD_SHARED_DIR) + "/corpus/dev/gitleaks.jsonl";

struct Default {
  GitleaksRules rules;
  Rules compiled;
  std::string errors;
};

/// Loaded and compiled once: it takes its time.
const Default& gitleaks_default() {
  static const Default loaded = [] {
    Default result;
    Diagnostics diagnostics;
    result.rules = load_gitleaks({kFile}, diagnostics);
    result.errors = diagnostics.text();
    std::vector<Rule> rules;
    for (const LoadedRule& rule : result.rules.rules) rules.push_back(rule.rule);
    result.compiled = rules_of(rules);
    return result;
  }();
  return loaded;
}

#define SKIP_WITHOUT_FILE()                               \
  if (!std::ifstream(kFile) || !std::ifstream(kExamples)) \
  GTEST_SKIP() << "no gitleaks.toml or corpus/dev/gitleaks.jsonl in " << REDACTD_SHARED_DIR

TEST(GitleaksDefault, LoadsWhole) {
  SKIP_WITHOUT_FILE();
  const Default& loaded = gitleaks_default();
  EXPECT_EQ(loaded.errors, "");
  std::map<GitleaksVerdict::How, size_t> counts;
  for (const GitleaksVerdict& verdict : loaded.rules.verdicts) {
    ++counts[verdict.how];
    if (verdict.how == GitleaksVerdict::How::refused)
      std::printf("refused: %s: %s\n", verdict.id.c_str(), verdict.reasons.at(0).c_str());
  }
  for (const auto& [how, count] : counts)
    std::printf("%zu %s\n", count, std::string(to_string(how)).c_str());
  EXPECT_GE(loaded.rules.rules.size(), 200u);
  EXPECT_LE(counts[GitleaksVerdict::How::refused], 1u);  // it has one rule for paths only
  EXPECT_FALSE(loaded.compiled->looks_at_every_record());
}

/// The same with the built-in rules before it, as with `redactd --gitleaks`.
Rules with_builtin() {
  std::vector<RuleGroup> groups(2);
  groups[0] = {builtin_rules(), {}, builtin_databases()};
  for (const LoadedRule& rule : gitleaks_default().rules.rules)
    groups[1].rules.push_back(rule.rule);
  std::vector<RuleError> errors;
  return RuleSet::compile(std::move(groups), {}, errors);
}

/// Why an example's secret is still there; empty when it is gone.
std::string why_left(const nlohmann::json& entry, const std::string& redacted) {
  std::string secret = entry["secret"].get<std::string>();
  if (redacted.find(secret) == std::string::npos) return {};
  if (secret.find('\n') != std::string::npos) return "the secret stands on several lines";
  if (!entry.value("line_ok", true)) return "key and secret stand on different lines";
  if (entry["text"].get<std::string>().find('\n') != std::string::npos)
    return "keyword and secret stand on different lines";
  return "its rule does not match it";
}

/// Prints what is left and returns how many of how many are masked.
std::pair<size_t, size_t> masked_examples(const Rules& rules, bool in_line) {
  std::ifstream rows(kExamples);
  std::map<std::string, std::map<std::string, size_t>> left;
  size_t examples = 0;
  size_t missed = 0;
  for (std::string row; std::getline(rows, row);) {
    nlohmann::json entry = nlohmann::json::parse(row);
    if (entry["expect"] != "mask" || !entry["secret"].is_string()) continue;
    if (in_line && !entry.value("line_ok", true)) continue;
    ++examples;
    std::string why = why_left(entry, redact(entry["text"].get<std::string>(), rules));
    if (why.empty()) continue;
    ++missed;
    ++left[why][entry["rule"].get<std::string>()];
  }
  for (const auto& [why, by_rule] : left) {
    std::string names;
    for (const auto& [rule, count] : by_rule)
      names += " " + rule + (count == 1 ? "" : " (" + std::to_string(count) + ")");
    std::printf("%s:%s\n", why.c_str(), names.c_str());
  }
  std::printf("%zu of %zu examples masked\n", examples - missed, examples);
  return {examples - missed, examples};
}

TEST(GitleaksDefault, MasksWhatGitleaksFindsInALine) {
  SKIP_WITHOUT_FILE();
  auto [masked, examples] = masked_examples(gitleaks_default().compiled, true);
  EXPECT_GE(static_cast<double>(masked), 0.999 * static_cast<double>(examples));
}

TEST(GitleaksDefault, MasksWhatGitleaksFindsBesideTheBuiltInRules) {
  SKIP_WITHOUT_FILE();
  auto [masked, examples] = masked_examples(with_builtin(), false);
  EXPECT_GE(static_cast<double>(masked), 0.99 * static_cast<double>(examples));
}

}  // namespace
}  // namespace redactd::test
