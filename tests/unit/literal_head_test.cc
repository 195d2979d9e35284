#include "filters/matcher/literal_head.h"

#include <gtest/gtest.h>

#include "filters/resolver.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

Rule token(const char* pattern) {
  Rule rule;
  rule.id = "tok";
  rule.kind = RuleKind::token;
  rule.patterns = {pattern};
  rule.extend = ByteClass::of("0123456789abcdef");
  return rule;
}

TEST(LiteralHead, ALiteralAndAClassUpToTheEndAreTakenApart) {
  const auto head = literal_head("a\\.b_[0-9a-f]{12}");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->literal, "a\\.b_");
  EXPECT_EQ(head->width, 4u);
  EXPECT_EQ(head->tail_width, 12u);
  EXPECT_TRUE(head->tail.has_all("09af"));
  EXPECT_FALSE(head->tail.has('g'));
}

TEST(LiteralHead, AnyOtherPatternStaysAsItIs) {
  for (const char* pattern : {"",
                              "abc",
                              "ab[0-9]{8}",
                              "abc[0-9]",
                              "abc[^0-9]{8}",
                              "abc[0-9]{8}x",
                              "abc[0-9]{8,}",
                              "abc[0-9]{8}[a-f]{2}",
                              "ab.[0-9]{8}",
                              "abc|[0-9]{8}",
                              "ab(?:c)[0-9]{8}",
                              "abc[0-9]{",
                              "abc[0-9",
                              "abc\\d[0-9]{8}",
                              "(?i)abc[0-9]{8}",
                              "ab+[0-9]{8}",
                              "abc[0-9]{65}",
                              "abc[\\s]{8}",
                              "abc[0-9]{x}",
                              "abc[0-9]{}"})
    EXPECT_FALSE(literal_head(pattern)) << pattern;
}

TEST(LiteralHead, TheSecretIsTheWholeOfItWhereTheTailFollows) {
  const auto rules = rules_of({token("abc_[0-9]{4}")});
  EXPECT_EQ(redact("abc_1234ef abc_123 abc_12x4 abc_abc_5678 abc_\n", rules),
            "[REDACTED:tok] abc_123 abc_12x4 abc_[REDACTED:tok] abc_\n");
  EXPECT_EQ(redact("abc_123", rules), "abc_123");
  EXPECT_EQ(redact("abc_1234", rules), "[REDACTED:tok]");
}

TEST(LiteralHead, WithoutABoundaryAHeadMayBePartOfTheTailBefore) {
  Rule rule = token("aba[ab]{4}");
  rule.boundary = Boundary::none;
  rule.extend.reset();
  EXPECT_EQ(redact("xababababx ababa\n", rules_of({rule})), "x[REDACTED:tok]bx ababa\n");
}

TEST(LiteralHead, WhatTheTailDoesNotFollowIsNoNearMiss) {
  const auto rules = rules_of({token("abc_[0-9]{4}")});
  Resolver resolver(*rules);
  std::vector<Decision> decisions;
  OpenBlock block;
  const RecordView record{"abc_12 abc_1234", true, true};
  resolver.resolve(record, {{4, 0}, {11, 0}}, block, &decisions);
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(decisions[0].anchor_end, 11u);
}

TEST(LiteralHead, AMistakeInTheTailIsTold) {
  RuleGroup group;
  group.rules = {token("abc_[0-9]{4,}")};
  std::vector<RuleError> errors;
  EXPECT_EQ(RuleSet::compile({group}, {}, errors), nullptr);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field, "pattern");
}

}  // namespace
}  // namespace redactd::test
