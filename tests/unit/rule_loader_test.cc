#include "config/rules/rule_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "config/settings.h"
#include "tests/testing/expected_errors.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

std::vector<LoadedRule> parse(const std::string& text, Diagnostics& diagnostics) {
  return parse_rules(
      text, "pack.yaml", [](const std::string&) { return std::nullopt; }, diagnostics);
}

// ---- every file of data/bad_rules says in its first lines what is wrong with it

const std::string kBadRules = std::string(REDACTD_SOURCE_DIR) + "/tests/data/bad_rules/";

class BadRules : public ::testing::TestWithParam<std::string> {};

TEST_P(BadRules, AreReportedAllAtOnceWithTheirPlaces) {
  std::string file = kBadRules + GetParam();
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules = load_rules({file}, diagnostics);
  check_rules(rules, diagnostics);
  std::vector<std::string> reported;
  std::istringstream lines(diagnostics.text());
  for (std::string line; std::getline(lines, line);) {
    ASSERT_TRUE(line.starts_with(file)) << line;
    std::string rest = line.substr(file.size());
    reported.push_back(rest.substr(rest.find_first_not_of(": ")));
  }
  std::vector<std::string> expected = expected_errors(file);
  ASSERT_FALSE(expected.empty()) << "the file names no expectation";
  EXPECT_EQ(reported.size(), expected.size()) << diagnostics.text();
  for (const std::string& one : expected) {
    bool found = std::any_of(reported.begin(), reported.end(),
                             [&](const std::string& line) { return line.starts_with(one); });
    EXPECT_TRUE(found) << "not reported: " << one << "\nbut:\n" << diagnostics.text();
  }
}

INSTANTIATE_TEST_SUITE_P(Loader, BadRules, ::testing::ValuesIn(bad_files(kBadRules)),
                         [](const auto& tested) { return test_name(tested.param); });

// ---- what a good pack becomes

constexpr const char* kGood = R"(
rules:
  - id: acme
    title: Acme token
    kind: token
    pattern: ['acme_[a-z]{8}', 'acmf_[a-z]{4}']
    prefix: 'x='
    extend: 'a-z'
    min: 12
    max: 40
    boundary: none
    validators: ['entropy:2.5', mixed]
    mask: {style: partial, keep: 2}
    severity: critical
    tags: [one, two]
    reference: https://acme.example/
    default: false
    examples: ['«x=acme_{lower:8}»']
    keep: ['acme']
)";

TEST(RuleLoader, ReadsEveryKey) {
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules = parse(kGood, diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
  ASSERT_EQ(rules.size(), 1u);
  const Rule& rule = rules[0].rule;
  EXPECT_EQ(rule.id, "acme");
  EXPECT_EQ(rule.kind, RuleKind::token);
  EXPECT_EQ(rule.patterns, (std::vector<std::string>{"acme_[a-z]{8}", "acmf_[a-z]{4}"}));
  EXPECT_EQ(rule.prefix, "x=");
  EXPECT_TRUE(rule.extend && rule.extend->has('q') && !rule.extend->has('Q'));
  EXPECT_EQ(rule.min, 12u);
  EXPECT_EQ(rule.max, 40u);
  EXPECT_EQ(rule.boundary, Boundary::none);
  ASSERT_EQ(rule.validators.size(), 2u);
  EXPECT_EQ(rule.validators[0].kind, Validator::Kind::entropy);
  EXPECT_DOUBLE_EQ(rule.validators[0].threshold, 2.5);
  ASSERT_TRUE(rule.mask);
  EXPECT_EQ(rule.mask->style, MaskStyle::partial);
  EXPECT_EQ(rule.mask->keep, 2u);
  EXPECT_EQ(rule.severity, Severity::critical);
  EXPECT_EQ(rule.tags, (std::vector<std::string>{"one", "two"}));
  EXPECT_FALSE(rule.enabled_by_default);
  EXPECT_EQ(rule.examples.size(), 1u);
  EXPECT_EQ(rule.keep.size(), 1u);
  EXPECT_EQ(rules[0].path, "rules[0]");
  EXPECT_EQ(rules[0].place_of("pattern[1]").line, 6u);
  EXPECT_EQ(rules[0].place_of("nosuch").line, rules[0].location.line);
}

TEST(RuleLoader, AnIdMayNotRepeatAcrossFiles) {
  TempDir dir;
  std::string rule =
      "rules:\n  - {id: a, title: A, kind: token, pattern: 'acme_[a-z]{8}', severity: low, "
      "examples: ['«acme_{lower:8}»']}\n";
  std::string one = dir.write("1.yaml", rule);
  std::string two = dir.write("2.yaml", rule);
  Diagnostics diagnostics;
  load_rules({one, two}, diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 1u) << diagnostics.text();
  EXPECT_EQ(diagnostics.all()[0].location.file, two);
  EXPECT_NE(diagnostics.all()[0].message.find(one), std::string::npos);
}

TEST(RuleLoader, AFolderIsReadInTheOrderOfNames) {
  TempDir dir;
  auto rule = [](const std::string& id) {
    return "rules:\n  - {id: " + id +
           ", title: A, kind: token, pattern: 'acme_[a-z]{8}', severity: low, examples: "
           "['«acme_{lower:8}»']}\n";
  };
  dir.write("20.yml", rule("b"));
  dir.write("10.yaml", rule("a"));
  dir.write("notes.txt", "no pack");
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules = load_rules({dir.path()}, diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].rule.id, "a");
}

TEST(RuleLoader, MissingFilesAndEmptyFoldersAreErrors) {
  TempDir dir;
  Diagnostics diagnostics;
  load_rules({dir.path("nosuch.yaml"), dir.path()}, diagnostics);
  EXPECT_EQ(diagnostics.all().size(), 2u) << diagnostics.text();
}

TEST(RuleLoader, KnownValuesComeFromAFileBesideThePack) {
  TempDir dir;
  dir.write("values.txt", "first-value\r\n\nsecond-value\n");
  std::string pack =
      dir.write("pack.yaml",
                "rules:\n  - {id: k, title: K, kind: known, file: values.txt, severity: high}\n");
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules = load_rules({pack}, diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
  EXPECT_EQ(rules[0].rule.values, (std::vector<std::string>{"first-value", "second-value"}));
}

TEST(RuleLoader, AValueTooShortIsReportedWithoutShowingIt) {
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules = parse(
      "rules:\n  - {id: k, title: K, kind: known, values: [long-enough-one, 'q7!zz'], severity: "
      "high}\n",
      diagnostics);
  check_rules(rules, diagnostics);
  EXPECT_FALSE(diagnostics.empty());
  EXPECT_EQ(diagnostics.text().find("q7!zz"), std::string::npos);
  EXPECT_EQ(diagnostics.text().find("long-enough-one"), std::string::npos);
}

TEST(RuleLoader, TheBuiltInPacksAreInOrder) {
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules = parse_builtin_packs(diagnostics);
  check_builtin_examples(rules, diagnostics);
  check_rules(rules, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  EXPECT_GE(rules.size(), 400u);
}

TEST(RuleLoader, ABuiltInRuleShowsTwoExamplesAndALineThatItKeeps) {
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules = parse(
      "rules:\n"
      "  - id: acme-token\n"
      "    title: Acme\n"
      "    kind: token\n"
      "    pattern: 'acme_[a-z]{4}'\n"
      "    severity: high\n"
      "    examples:\n"
      "      - '«acme_{lower:4}»'\n",
      diagnostics);
  check_rules(rules, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text() << "enough for a user's rule";
  check_builtin_examples(rules, diagnostics);
  EXPECT_NE(diagnostics.text().find("rules[0].examples: has 1; a built-in rule needs at least 2"),
            std::string::npos)
      << diagnostics.text();
  EXPECT_NE(diagnostics.text().find("rules[0].keep: has 0; a built-in rule needs at least 1"),
            std::string::npos)
      << diagnostics.text();
}

/// Style 4.1: docs that load.
TEST(RuleLoader, TheRuleInTheDocumentationLoads) {
  std::ifstream file(std::string(REDACTD_SOURCE_DIR) + "/docs/rules.md");
  std::stringstream text;
  text << file.rdbuf();
  std::string page = text.str();
  size_t begin = page.find("```yaml\n");
  ASSERT_NE(begin, std::string::npos);
  begin += 8;
  Diagnostics diagnostics;
  std::vector<LoadedRule> rules =
      parse(page.substr(begin, page.find("```", begin) - begin), diagnostics);
  check_rules(rules, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  EXPECT_EQ(rules.size(), 1u);
}

TEST(DidYouMean, SuggestsOnlyWhatIsClose) {
  std::vector<std::string_view> known = {"pattern", "prefix", "severity"};
  EXPECT_EQ(did_you_mean("patern", known), ", did you mean 'pattern'?");
  EXPECT_EQ(did_you_mean("sevrity", known), ", did you mean 'severity'?");
  EXPECT_EQ(did_you_mean("frobnicate", known), "");
  EXPECT_EQ(did_you_mean("", known), "");
}

TEST(Diagnostics, ComeFileByFileAsTheyWereReadEachFromTopToBottom) {
  Diagnostics diagnostics;
  diagnostics.add({"b.yaml", 9, 2}, "rules[0].id", "second");
  diagnostics.add({"a.yaml", 1, 1}, "", "third");
  diagnostics.add({"b.yaml", 2, 7}, "", "first");
  diagnostics.add({}, "--enable", "none");
  EXPECT_EQ(
      diagnostics.text(),
      "b.yaml:2:7: first\nb.yaml:9:2: rules[0].id: second\na.yaml:1:1: third\n--enable: none\n");
}

}  // namespace
}  // namespace redactd::test
