#include "filters/matcher/literal_head.h"

#include <gtest/gtest.h>

#include "filters/resolver.h"
#include "filters/spans/token_span.h"
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
  const auto head = literal_head("a\\.B_[0-9a-f]{12}");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->literal, "a\\.B_");
  EXPECT_EQ(head->width, 4u);
  EXPECT_EQ(head->tail_width, 12u);
  EXPECT_TRUE(head->tail.front().members.has_all("09af"));
  EXPECT_FALSE(head->tail.front().members.has('g'));
}

TEST(LiteralHead, AnyOtherPatternStaysAsItIs) {
  for (const char* pattern : {"",
                              "aBc",
                              "aB[0-9]{8}",
                              "ab[0-9]{8}",
                              "AB[0-9]{8}",
                              "ABC[A-Z]{4}[0-9]{2}",
                              "abc[a-z]{12}[0-9]{2}",
                              "ABCD?[0-9]{8}",
                              "ab[cd]?[0-9]{8}",
                              "aBc[0-9]",
                              "aBc[^0-9]{8}",
                              "aBc[0-9]{8}x",
                              "aBc[0-9]{8,}",
                              "aBc[0-9]{8}[a-f]{2}",
                              "aB.[0-9]{8}",
                              "aBc|[0-9]{8}",
                              "aB(?:c)[0-9]{8}",
                              "aBc[0-9]{",
                              "aBc[0-9",
                              "aBc\\d[0-9]{8}",
                              "(?i)aBc[0-9]{8}",
                              "aB+[0-9]{8}",
                              "aBc[0-9]{65}",
                              "aBc[\\s]{8}",
                              "aBc[0-9]{x}",
                              "aBc[0-9]{}"})
    EXPECT_FALSE(literal_head(pattern)) << pattern;
}

TEST(LiteralHead, NarrowClassesArePartOfIt) {
  const auto head = literal_head("gh[pour]_[a-z][A-Za-z0-9]{6}");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->literal, "gh[pour]_[a-z]");
  EXPECT_EQ(head->width, 5u);
  EXPECT_EQ(head->tail_width, 6u);
}

TEST(LiteralHead, TwoCapitalsAreEnoughWhereARunOfThemIsAllTail) {
  EXPECT_TRUE(literal_head("AQ[A-Za-z0-9_-]{60}"));
  const auto head = literal_head("AQE[ac-z][A-Z]{15}");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->literal, "AQE[ac-z]");
  EXPECT_FALSE(literal_head("AQ[0-9a-f]{60}"));
  EXPECT_FALSE(literal_head("aq[a-z]{60}"));
  const auto rules = rules_of({token("AQ[AQ]{8}[0-9]{2}")});
  EXPECT_EQ(redact("AQAQAQAQAQAQAQ AQAQAQAQAQ12ef AQAQAQAQ12\n", rules),
            "AQAQAQAQAQAQAQ [REDACTED:tok] AQAQAQAQ12\n");
}

TEST(LiteralHead, ATailThatHasNotComeYetIsWaitedFor) {
  const auto rules = rules_of({token("aBc_[0-9]{4}")});
  const std::string text = "aBc_12x4 aBc_1234ef aBc_\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(redact_in_chunks(text, {cut}, rules), "aBc_12x4 [REDACTED:tok] aBc_\n") << cut;
  }
}

TEST(LiteralHead, TheSecretIsTheWholeOfItWhereTheTailFollows) {
  const auto rules = rules_of({token("aBc_[0-9]{4}")});
  EXPECT_EQ(redact("aBc_1234ef aBc_123 aBc_12x4 aBc_aBc_5678 aBc_\n", rules),
            "[REDACTED:tok] aBc_123 aBc_12x4 aBc_[REDACTED:tok] aBc_\n");
  EXPECT_EQ(redact("aBc_123", rules), "aBc_123");
  EXPECT_EQ(redact("aBc_1234", rules), "[REDACTED:tok]");
}

TEST(LiteralHead, WithoutABoundaryAHeadMayBePartOfTheTailBefore) {
  Rule rule = token("aBa[aB]{4}");
  rule.boundary = Boundary::none;
  rule.extend.reset();
  EXPECT_EQ(redact("xaBaBaBaBx aBaBa\n", rules_of({rule})), "x[REDACTED:tok]Bx aBaBa\n");
}

TEST(LiteralHead, OneLetterManyTimesIsLookedForWhereItsRunBegins) {
  const auto head = run_head("A{21}[A-Za-z0-9%]{12}");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->literal, "(?:^|[^A])A{21}");
  EXPECT_EQ(head->width, 21u);
  EXPECT_EQ(head->tail_width, 12u);
  for (const char* pattern :
       {"", "A", "A{21}", "A{3}[0-9]{8}", "AAA[0-9]{8}", "A{21}.", "AB{21}[0-9]{8}",
        "0{21}[0-9]{8}", "A{21,}[0-9]{8}", "A{21}[0-9]?", "A{21}[^0-9]{8}"})
    EXPECT_FALSE(run_head(pattern)) << pattern;
}

TEST(LiteralHead, OneLetterManyTimesMayStandBeforeClassesAndLiterals) {
  const auto head = run_head("AAAA[0-9_]{7}:[0-9]{12}");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->literal, "(?:^|[^A])AAAA");
  EXPECT_EQ(head->width, 4u);
  EXPECT_EQ(head->tail_width, 20u);
  const auto rules = rules_of({token("aaaa[0-9a-f]{3}:[0-9]{2}")});
  EXPECT_EQ(redact("aaaa12f:34ef aaaa12f_34 aaaa12f:3 %aaaaaaf12:34\n", rules),
            "[REDACTED:tok] aaaa12f_34 aaaa12f:3 %aa[REDACTED:tok]\n");
}

TEST(LiteralHead, ARunIsPartOfTheSecretWhereverInItAWordBegins) {
  const auto rules = rules_of({token("a{8}[0-9a-f]{4}")});
  for (const char* before : {"", " ", "=", "%0a", "\\x0a", "\\u00aa", "\\uaaaa"}) {
    for (const char* run : {"aaaaaaaa", "aaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaa"}) {
      const std::string text = std::string(before) + run + "1234 end\n";
      EXPECT_EQ(redact(text, rules), std::string(before) + "[REDACTED:tok] end\n") << text;
    }
  }
  EXPECT_EQ(redact("xaaaaaaaa1234 aaaaaaaa123 aaaaaaa1234\n", rules),
            "xaaaaaaaa1234 aaaaaaaa123 aaaaaaa1234\n");
  EXPECT_EQ(redact("aaaaaaaa1234\naaaaaaaa1234", rules), "[REDACTED:tok]\n[REDACTED:tok]");
}

TEST(LiteralHead, OneThatEndsWhereAWindowBeginsIsNotLookedAtBeforeIt) {
  const LiteralHead head = *run_head("a{8}[0-9a-f]{4}");
  Rule rule = token("a{8}[0-9a-f]{4}");
  std::vector<Span> spans;
  const std::string text = "aaaaaaaa1234";
  for (size_t end : {0, 1, 7}) {
    const RecordView window{text, false, true};
    EXPECT_EQ(resolve_token(window, rule, 0, {head.width, end, &head}, nullptr, spans),
              end < 4 ? Verdict::crosses_record : Verdict::masked)
        << end;
  }
}

TEST(LiteralHead, WhatTheTailDoesNotFollowIsNoNearMiss) {
  const auto rules = rules_of({token("aBc_[0-9]{4}")});
  Resolver resolver(*rules);
  std::vector<Decision> decisions;
  OpenBlock block;
  const RecordView record{"aBc_12 aBc_1234", true, true};
  resolver.resolve(record, {{4, 0}, {11, 0}}, block, &decisions);
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(decisions[0].anchor_end, 11u);
}

TEST(LiteralHead, AMistakeInTheTailIsTold) {
  RuleGroup group;
  group.rules = {token("aBc_[0-9]{4,}")};
  std::vector<RuleError> errors;
  EXPECT_EQ(RuleSet::compile({group}, {}, errors), nullptr);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field, "pattern");
}

}  // namespace
}  // namespace redactd::test
