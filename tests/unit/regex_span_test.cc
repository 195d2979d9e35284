#include "filters/spans/regex_span.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/testing/all_splits.h"
#include "tests/testing/cpu_seconds.h"
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

TEST(Regex, FindsSecretsThatShareASeparator) {
  EXPECT_EQ(redact("x 11 22 33", regex({R"((?:^|\s)(?P<secret>\d+)(?:\s|$))"})),
            "x [REDACTED:re] [REDACTED:re] [REDACTED:re]");
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

TEST(Regex, AnchorsMeanTheRecordHoweverTheyAreSpelt) {
  for (const char* pattern : {R"(\Akey (\w+)\z)", R"((?-m:^key (\w+)$))", R"((?m)^key (\w+)$)"}) {
    Rules rules = regex({pattern});
    EXPECT_EQ(redact("key one\r\nkey two\na key three\nkey four", rules),
              "key [REDACTED:re]\r\nkey [REDACTED:re]\na key three\nkey [REDACTED:re]")
        << pattern;
  }
}

TEST(Regex, SeesTheLineEndsAroundItsRecord) {
  Rules rules = regex({R"([\s;]key=(\w+)[\s;])"});
  const std::string text = "key=one\nkey=two;\r\n\r\nkey=three\r\nkey=four";
  EXPECT_EQ(redact(text, rules),
            "key=[REDACTED:re]\nkey=[REDACTED:re];\r\n\r\nkey=[REDACTED:re]\r\nkey=[REDACTED:re]");
  expect_same_under_every_cut(text, rules);
}

TEST(Regex, NeverMasksALineEnd) {
  EXPECT_EQ(redact("a key\nb\n", regex({R"(key(\s))"})), "a key\nb\n");
  EXPECT_EQ(redact("a key\nb\n", regex({R"(key\s)"})), "a [REDACTED:re]\nb\n");
  EXPECT_EQ(redact("a key\nb\n", regex({R"(\sb)"})), "a key\n[REDACTED:re]\n");
}

TEST(Regex, NamesGroupsAsGoDoes) {
  EXPECT_EQ(redact("pin: 1234 ok", regex({R"((pin): (?<secret>\d+))"})), "pin: [REDACTED:re] ok");
}

TEST(Regex, FindsAlternativesThatShareBytesBeyondAscii) {
  for (const char* pattern : {R"((?:密码|密碼)=(\d+))", R"(((?:密码|密碼)=\d+))",
                              R"((?:\xe5\xaf\x86\xe7\xa0\x81|\xe5\xaf\x86\xe7\xa2\xbc)=(\d+))"}) {
    for (const char* before : {"", "x ", "é "}) {
      for (const char* word : {"密码", "密碼"})
        EXPECT_EQ(
            redact(std::string(before) + word + "=123456 ok", regex({pattern})).find("123456"),
            std::string::npos)
            << pattern << " in " << before << word;
    }
  }
  EXPECT_EQ(redact("密碼=123456 ok", regex({R"(^(?:密码|密碼)=(\d+))"})), "密碼=[REDACTED:re] ok");
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

Rule regex_rule(const char* pattern) {
  Rule rule;
  rule.id = "re";
  rule.kind = RuleKind::regex;
  rule.patterns = {pattern};
  return rule;
}

TEST(Regex, TakesTheGroupThatTheRuleNames) {
  Rule rule = regex_rule(R"((x)?(pin)=(\d+))");
  rule.secret_group = 3;
  EXPECT_EQ(redact("pin=1 xpin=2", rules_of({rule})), "pin=[REDACTED:re] xpin=[REDACTED:re]");
  rule.secret_group = 0;  // the first that is not empty
  EXPECT_EQ(redact("pin=1 xpin=2", rules_of({rule})), "[REDACTED:re]=1 [REDACTED:re]pin=2");
  rule.secret_group = 1;  // where it is empty, nobody knows where the secret is
  EXPECT_EQ(redact("pin=1 xpin=2", rules_of({rule})), "[REDACTED:re] [REDACTED:re]pin=2");
}

TEST(Regex, WantsOneOfItsKeywordsInTheRecord) {
  Rule rule = regex_rule(R"(=(\d+))");
  rule.keywords = {"acme", "zenith"};
  EXPECT_EQ(redact("a=1 ACME\nb=2\nzenith c=3\n", rules_of({rule})),
            "a=[REDACTED:re] ACME\nb=2\nzenith c=[REDACTED:re]\n");
}

TEST(Regex, WantsMoreEntropyThanItsBound) {
  Rule rule = regex_rule(R"(=(\w+))");
  rule.above_entropy = 2.0;
  EXPECT_EQ(redact("a=abcd b=abcdef", rules_of({rule})), "a=abcd b=[REDACTED:re]");
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

TEST(Regex, MatchesThatEachLookAtAllThatIsLeftAreMaskedWithTheirRecord) {
  Rules rules = regex({R"(tok=[0-9]+(?:.*;)?)"});
  std::string text;
  while (text.size() < 400'000) text += "tok=1 ";
  const double start = cpu_seconds();
  EXPECT_EQ(redact(text + "\nok\n", rules), "[REDACTED:unscannable-record]\nok\n");
  EXPECT_LT(cpu_seconds() - start, 5);
}

TEST(Regex, AMatchOfTheLineFeedBeforeTheFirstRecordHidesNoneInIt) {
  const std::string text = "ab12 x\nab12 x\n";
  Rules rules = regex({R"([^ ;]{1,3}\b)"});
  EXPECT_EQ(redact(text, rules), "a[REDACTED:re] [REDACTED:re]\na[REDACTED:re] [REDACTED:re]\n");
  expect_same_under_every_cut(text, rules);
}

TEST(Regex, AShortRecordFullOfLooksAtTheRestIsMaskedWhole) {
  Rules rules = regex({R"(tok=([0-9]+)(?:.*;)?)"});
  std::string text;
  while (text.size() < 450) text += "tok=1 ";
  EXPECT_EQ(redact(text + "\nok\n", rules), "[REDACTED:unscannable-record]\nok\n");
  EXPECT_EQ(redact("tok=1 tok=2 tok=3 a; tok=4\ntok=5 b\n", rules),
            "tok=[REDACTED:re] tok=2 tok=3 a; tok=[REDACTED:re]\ntok=[REDACTED:re] b\n");
}

TEST(Regex, WhatEndsEachLookBehindAMatchKeepsALongRecordFromBeingMaskedWhole) {
  std::string text;
  std::string expected;
  while (text.size() < 100'000) {
    text += "db-1.eu.corp, ";
    expected += "[REDACTED:re], ";
  }
  EXPECT_EQ(first_difference(redact(text, regex({R"(\b(?:[a-z0-9-]+\.)+corp\b)"})), expected), "");
}

TEST(Regex, SearchesGoOnWhereAWordsEndWasMissed) {
  EXPECT_EQ(redact("key-12345678_ key-12345678 key-1234567_ key-123456789;\n",
                   regex({R"(\b(key-[0-9]{8,20})\b)"})),
            "key-12345678_ [REDACTED:re] key-1234567_ [REDACTED:re];\n");
}

TEST(Regex, MatchesThatTouchAreAllFound) {
  const std::string text = "k1k22k3\r\nk4k\nk5";
  for (const char* pattern : {R"(k(\d))", R"(k(\d+))", R"(k(\d{1,2}?))", R"((?:^|k)(\d)+?)"}) {
    EXPECT_EQ(redact(text, regex({pattern})).find('1'), std::string::npos) << pattern;
    expect_same_under_every_cut(text, regex({pattern}));
  }
}

TEST(Regex, ManyMatchesInALongRecordStayMatches) {
  for (const char* pattern : {R"(tok=(\d{1,9}))", R"(\btok=([0-9]+)\b)"}) {
    const std::string filler(
        std::string_view(pattern).find('+') == std::string_view::npos ? 4 : 800, '-');
    std::string text;
    std::string expected;
    while (text.size() < 800'000) {
      text += "tok=1 " + filler;
      expected += "tok=[REDACTED:re] " + filler;
    }
    EXPECT_EQ(first_difference(redact(text, regex({pattern})), expected), "");
  }
}

TEST(Regex, ARecordOf64KiBMayBeFullOfMatches) {
  std::string text;
  std::string expected;
  while (text.size() < 64'000) {
    text += "tok=123;";
    expected += "tok=[REDACTED:re];";
  }
  EXPECT_EQ(first_difference(redact(text, regex({R"(tok=([0-9]+))"})), expected), "");
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
