#include "filters/spans/regex_span.h"

#include <gtest/gtest.h>

#include "tests/testing/all_splits.h"
#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

Rules regex(std::initializer_list<const char*> patterns, size_t min = 0) {
  Rule rule;
  rule.id = "re";
  rule.kind = RuleKind::regex;
  rule.patterns.assign(patterns.begin(), patterns.end());
  rule.min = min;
  return rules_of({rule});
}

TEST(Regex, MasksTheGroupNamedSecret) {
  Rules rules = regex({R"((?i)(order)\s+(?P<secret>[a-z0-9]+)\s+(paid))"});
  EXPECT_EQ(redact("Order abc123 paid\n", rules), "Order [REDACTED:re] paid\n");
}

TEST(Regex, MasksTheOnlyGroup) {
  EXPECT_EQ(redact("pin: 1234 ok", regex({R"(pin: (\d+))"})), "pin: [REDACTED:re] ok");
}

TEST(Regex, MasksTheWholeMatchWithoutAGroupOrWithSeveral) {
  EXPECT_EQ(redact("x pin: 1234 y", regex({R"(pin: \d+)"})), "x [REDACTED:re] y");
  EXPECT_EQ(redact("x pin: 1234 y", regex({R"((pin): (\d+))"})), "x [REDACTED:re] y");
}

TEST(Regex, FindsEveryMatchInTheRecord) {
  EXPECT_EQ(redact("pin=1 pin=22,pin=333", regex({R"(pin=(\d+))"})),
            "pin=[REDACTED:re] pin=[REDACTED:re],pin=[REDACTED:re]");
}

TEST(Regex, NeverCrossesRecords) {
  Rules rules = regex({R"(begin\s+(\w+))"});
  EXPECT_EQ(redact("begin\nword\nbegin word\n", rules), "begin\nword\nbegin [REDACTED:re]\n");
}

TEST(Regex, AnchorsMeanTheRecord) {
  Rules rules = regex({R"(^key (\w+)$)"});
  EXPECT_EQ(redact("key one\nkey two\na key three\n", rules),
            "key [REDACTED:re]\nkey [REDACTED:re]\na key three\n");
}

TEST(Regex, WorksOnBytesThatAreNoUtf8) {
  EXPECT_EQ(redact("\xff\xfe pin=\xff"
                   "1234\xfe x",
                   regex({R"(pin=([^ ]+))"})),
            "\xff\xfe pin=[REDACTED:re] x");
}

TEST(Regex, WithoutALiteralLooksAtEveryRecord) {
  EXPECT_EQ(redact("a 12-34-56 b\nc\n65-43-21\n", regex({R"(\d\d-\d\d-\d\d)"})),
            "a [REDACTED:re] b\nc\n[REDACTED:re]\n");
}

TEST(Regex, ShorterThanMinStays) {
  EXPECT_EQ(redact("pin=123 pin=12345", regex({R"(pin=(\d+))"}, 4)), "pin=123 pin=[REDACTED:re]");
}

TEST(Regex, SeveralPatternsOfOneRule) {
  EXPECT_EQ(redact("foo=1 bar=2 baz=3", regex({R"(foo=(\d))", R"(bar=(\d))"})),
            "foo=[REDACTED:re] bar=[REDACTED:re] baz=3");
}

TEST(Regex, IgnoresCaseWhereThePatternSaysSo) {
  EXPECT_EQ(redact("PIN=1 pin=2", regex({R"((?i)pin=(\d))"})),
            "PIN=[REDACTED:re] pin=[REDACTED:re]");
  EXPECT_EQ(redact("PIN=1 pin=2", regex({R"(pin=(\d))"})), "PIN=1 pin=[REDACTED:re]");
}

TEST(Regex, AnEmptyGroupMasksNothing) {
  EXPECT_EQ(redact("pin= x", regex({R"(pin=(\d*))"})), "pin= x");
}

TEST(Regex, RefusesWhatCannotBeUsed) {
  EXPECT_EQ(refuse_regex("abc"), "");
  for (const char* bad : {"(", "a{1001}", "(?=look)", R"(\1)", "x*", "", "(?<name"})
    EXPECT_NE(refuse_regex(bad), "") << bad;
}

TEST(Regex, StaysLinearOnHostileInput) {
  // Takes for ever with a backtracking engine.
  Rules rules = regex({R"(start(a+)+$)"});
  std::string text = "start" + std::string(50000, 'a') + "b\n";
  EXPECT_EQ(redact(text, rules), text);
}

TEST(Regex, SurvivesAnyCut) {
  expect_same_under_every_cut("pin=12345 x\nyy pin=9\n\npin=7", regex({R"(pin=(\d+))", R"(y+)"}));
}

TEST(Regex, AGitleaksRuleRunsAsItIs) {
  Rules rules = regex(
      {R"((?i)[\w.-]{0,50}?(?:adafruit)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}([a-z0-9_-]{32})(?:[\x60'"\s;]|\\[nr]|$))"});
  Filled filled = fill("adafruit_key = \"«{alnum:32}»\"");
  EXPECT_EQ(redact(filled.text, rules), "adafruit_key = \"[REDACTED:re]\"");
}

}  // namespace
}  // namespace redactd::test
