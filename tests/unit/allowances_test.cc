#include "filters/allowances.h"

#include <gtest/gtest.h>

#include "tests/testing/all_splits.h"

namespace redactd::test {
namespace {

Rules allowing(const Allowance& allowance) {
  Rule rule;
  rule.id = "re";
  rule.kind = RuleKind::regex;
  rule.patterns = {R"(key=(\w+))"};
  rule.allow = {allowance};
  return rules_of({rule});
}

Allowance secret(const char* expression) {
  Allowance allowance;
  allowance.secret = {expression};
  return allowance;
}

TEST(Allowances, LetTheSecretsPassThatAnExpressionDescribes) {
  Rules rules = allowing(secret("^example"));
  EXPECT_EQ(redact("key=example1 key=an_example key=example2\n", rules),
            "key=example1 key=[REDACTED:re] key=example2\n");
}

TEST(Allowances, LookAtTheMatchOrAtTheRecord) {
  Allowance match;
  match.match = {"^key=e"};
  EXPECT_EQ(redact("key=e1 key=f1\n", allowing(match)), "key=e1 key=[REDACTED:re]\n");
  Allowance record;
  record.record = {"^test "};
  EXPECT_EQ(redact("test key=e1 key=f1\nreal key=e1\n", allowing(record)),
            "test key=e1 key=f1\nreal key=[REDACTED:re]\n");
}

TEST(Allowances, LookForWordsInTheSecretInAnyCase) {
  Allowance words;
  words.words = {"sample"};
  EXPECT_EQ(redact("sample key=aSAMPLEb key=x\n", allowing(words)),
            "sample key=aSAMPLEb key=[REDACTED:re]\n");
}

TEST(Allowances, WantAllConditionsUnlessOneIsEnough) {
  Allowance both = secret("^e");
  both.words = {"x"};
  EXPECT_EQ(redact("key=ex key=e key=x\n", allowing(both)),
            "key=ex key=[REDACTED:re] key=[REDACTED:re]\n");
  both.any = true;
  EXPECT_EQ(redact("key=ex key=e key=x key=y\n", allowing(both)),
            "key=ex key=e key=x key=[REDACTED:re]\n");
}

TEST(Allowances, WithoutAConditionLetNothingPass) {
  Allowance none;
  EXPECT_EQ(redact("key=e\n", allowing(none)), "key=[REDACTED:re]\n");
  none.any = true;
  EXPECT_EQ(redact("key=e\n", allowing(none)), "key=[REDACTED:re]\n");
}

TEST(Allowances, OfOneRuleDoNotHoldForAnother) {
  Rule one;
  one.id = "one";
  one.kind = RuleKind::regex;
  one.patterns = {R"(key=(\w+))"};
  one.allow = {secret("^example")};
  Rule other;
  other.id = "other";
  other.patterns = {"example[0-9]"};
  EXPECT_EQ(redact("key=example1 key=example\n", rules_of({one, other})),
            "key=[REDACTED:other] key=example\n");
}

TEST(Allowances, AreTheSameUnderEveryCut) {
  Allowance allowance = secret("^example");
  allowance.record = {"test"};
  expect_same_under_every_cut("key=example1 test\nkey=example1\nkey=real test",
                              allowing(allowance));
}

TEST(Allowances, LetNothingPassOfARecordThatIsNotHeldWhole) {
  const std::string text = "key=example1 " + std::string(200000, '.') + " key=example2\n";
  std::string redacted = redact(text, allowing(secret("^example")), Limits{1024});
  EXPECT_EQ(count_of(redacted, "example"), 0u);
}

TEST(Allowances, AreRefusedWhenRe2RefusesThem) {
  Allowances allowances;
  EXPECT_NE(allowances.add(0, secret("(?=x)")), "");
  EXPECT_EQ(allowances.add(0, secret("x")), "");
}

}  // namespace
}  // namespace redactd::test
