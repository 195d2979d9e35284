#include "filters/matcher/written_out.h"

#include <gtest/gtest.h>

#include "filters/rule_set.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

using Patterns = std::vector<std::string>;

TEST(WrittenOut, TwoClassesAtTheBeginningBecomeTheirBytes) {
  EXPECT_EQ(written_out("[MN][DT]x[0-9]{4}"),
            (Patterns{"MDx[0-9]{4}", "MTx[0-9]{4}", "NDx[0-9]{4}", "NTx[0-9]{4}"}));
  EXPECT_EQ(written_out("[ab][c]"), (Patterns{"ac", "bc"}));
}

TEST(WrittenOut, WhatBeginsOtherwiseStaysAsItIs) {
  for (const char* pattern : {"x[ab][cd]", "[ab]x", "[a-c][de]", "[^ab][cd]", "[ab][cd]{2}",
                              "[ab]{2}[cd]", "[ab][cd]|x", "[ab][", "[ab", "", "[abcde][fghi]"})
    EXPECT_EQ(written_out(pattern), Patterns{pattern});
}

TEST(WrittenOut, TheSameSecretsAreMasked) {
  Rule rule;
  rule.id = "two-classes";
  rule.kind = RuleKind::token;
  rule.patterns = {"[MN][DT][0-9]{6}"};
  rule.extend = ByteClass::of("0123456789");
  EXPECT_EQ(redact("MD123456789 NT123456 MT12345 OD1234567\n", rules_of({rule})),
            "[REDACTED:two-classes] [REDACTED:two-classes] MT12345 OD1234567\n");
}

TEST(WrittenOut, AMistakeIsToldOnce) {
  Rule rule;
  rule.id = "two-classes";
  rule.kind = RuleKind::token;
  rule.patterns = {"[MN][DT][0-9]+"};
  RuleGroup group;
  group.rules = {rule};
  std::vector<RuleError> errors;
  EXPECT_EQ(RuleSet::compile({group}, {}, errors), nullptr);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field, "pattern");
}

}  // namespace
}  // namespace redactd::test
