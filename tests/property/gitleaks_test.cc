// The configuration that gitleaks ships with, and the examples of its tests, when they are there
// (../shared): it loads as it is and masks what gitleaks finds.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "config/gitleaks_file.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

const std::string kFile = std::string(REDACTD_SHARED_DIR) + "/gitleaks.toml";

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

#define SKIP_WITHOUT_FILE() \
  if (!std::ifstream(kFile)) GTEST_SKIP() << "no gitleaks.toml in " << REDACTD_SHARED_DIR

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

/// Why an example's secret is still there; empty when it is gone.
std::string why_left(const nlohmann::json& entry, const std::string& redacted) {
  std::string secret = entry["secret"].get<std::string>();
  if (redacted.find(secret) == std::string::npos) return {};
  if (secret.find('\n') != std::string::npos) return "the secret stands on several lines";
  if (entry["text"].get<std::string>().find('\n') != std::string::npos)
    return "the example stands on several lines";
  return "missed";
}

TEST(GitleaksDefault, MasksWhatGitleaksFinds) {
  SKIP_WITHOUT_FILE();
  std::ifstream rows(std::string(REDACTD_SHARED_DIR) + "/corpus/dev/gitleaks.jsonl");
  if (!rows) GTEST_SKIP() << "no gitleaks.jsonl in " << REDACTD_SHARED_DIR << "/corpus/dev";
  std::map<std::string, std::map<std::string, size_t>> left;
  size_t examples = 0;
  size_t missed = 0;
  for (std::string row; std::getline(rows, row);) {
    nlohmann::json entry = nlohmann::json::parse(row);
    if (entry["expect"] != "mask" || !entry["secret"].is_string()) continue;
    ++examples;
    std::string why =
        why_left(entry, redact(entry["text"].get<std::string>(), gitleaks_default().compiled));
    if (why.empty()) continue;
    ++missed;
    ++left[why][entry["rule"].get<std::string>()];
  }
  for (const auto& [why, rules] : left) {
    for (const auto& [rule, count] : rules)
      std::printf("%s: %s: %zu\n", why.c_str(), rule.c_str(), count);
  }
  std::printf("%zu of %zu examples masked\n", examples - missed, examples);
  EXPECT_GE(static_cast<double>(examples - missed), 0.99 * static_cast<double>(examples));
}

}  // namespace
}  // namespace redactd::test
