#include "filters/self_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/testing/cpu_seconds.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

Rule token(const char* id, const char* pattern, const char* example) {
  Rule rule;
  rule.id = id;
  rule.kind = RuleKind::token;
  rule.patterns = {pattern};
  rule.examples = {{example}};
  return rule;
}

TEST(SelfTest, TheBuiltInRulesFindTheirExamples) {
  EXPECT_EQ(self_test(builtin()), std::vector<std::string>{});
  size_t examples = 0;
  for (const Rule& rule : builtin()->rules()) examples += rule.examples.size();
  EXPECT_GE(examples, 2 * builtin()->rules().size()) << "there was little to find";
}

#ifdef NDEBUG
TEST(SelfTest, TakesNoMoreOfAStartThan50Milliseconds) {
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 5; ++i) {
    const double begun = cpu_seconds();
    EXPECT_EQ(self_test(builtin()), std::vector<std::string>{});
    least = std::min(least, cpu_seconds() - begun);
  }
  EXPECT_LE(least, 0.05);
}
#endif

TEST(SelfTest, NamesTheRulesWhoseExampleIsMissed) {
  Rules rules = rules_of({token("sound", "acme_[a-z]{8}", "key «acme_{lower:8}» sent"),
                          token("missed", "ACME_[a-z]{8}", "key «acme_{lower:8}» sent")});
  EXPECT_EQ(self_test(rules), std::vector<std::string>{"missed"});
}

TEST(SelfTest, LeavesRulesAloneThatAreOffOrWithoutExamples) {
  std::vector<RuleError> errors;
  RuleGroup group;
  group.rules = {token("off", "ACME_[a-z]{8}", "«acme_{lower:8}»"),
                 token("on", "acme_[a-z]{8}", "«acme_{lower:8}»")};
  group.rules[1].examples.clear();
  group.muted = {true, false};
  Rules rules = RuleSet::compile({group}, {}, errors);
  ASSERT_TRUE(rules);
  EXPECT_EQ(self_test(rules), std::vector<std::string>{});
}

TEST(SelfTest, AnAllowedExampleWasFound) {
  Rule allowed = token("allowed", "acme_[a-z]{8}", "«acme_{lower:8}»");
  allowed.allow.push_back({});
  allowed.allow.back().secret = {"^acme_"};
  EXPECT_EQ(self_test(rules_of({allowed})), std::vector<std::string>{});
}

}  // namespace
}  // namespace redactd::test
