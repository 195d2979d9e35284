#include "filters/known.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <set>

#include "tests/testing/all_splits.h"

namespace redactd::test {
namespace {

const std::string kValue = "correct horse/battery+staple?42";

std::string base64(const std::string& text, bool url = false) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  for (char& c : out) {
    if (url && c == '+') c = '-';
    if (url && c == '/') c = '_';
  }
  return out;
}

TEST(Known, IsMaskedWhereverItStands) {
  Rules rules = known_values({"hunter2-hunter2", "Tr0ub4dor&3"});
  EXPECT_EQ(redact("xhunter2-hunter2y Tr0ub4dor&3\n", rules),
            "x[REDACTED:known]y [REDACTED:known]\n");
  EXPECT_EQ(redact("hunter2-hunter2hunter2-hunter2", rules), "[REDACTED:known][REDACTED:known]");
  EXPECT_EQ(redact("Hunter2-hunter2\n", rules), "Hunter2-hunter2\n") << "case matters";
}

TEST(Known, InItsEncodings) {
  Rules rules = known_values({kValue});
  EXPECT_EQ(redact("q=correct%20horse%2Fbattery%2Bstaple%3F42&x", rules), "q=[REDACTED:known]&x");
  EXPECT_EQ(redact("q=correct%20horse%2fbattery%2bstaple%3f42&x", rules), "q=[REDACTED:known]&x");
  EXPECT_EQ(redact("q=correct+horse%2Fbattery%2Bstaple%3F42&x", rules), "q=[REDACTED:known]&x");
  EXPECT_EQ(redact("x 636f727265637420686f7273652f626174746572792b737461706c653f3432 y", rules),
            "x [REDACTED:known] y");
  EXPECT_EQ(redact("x 636F727265637420686F7273652F626174746572792B737461706C653F3432 y", rules),
            "x [REDACTED:known] y");
  EXPECT_EQ(redact(R"({"p":"correct horse\/battery+staple?42"})", rules),
            R"({"p":"[REDACTED:known]"})");
  Rules quoted = known_values({"a\"quoted\\one\""});
  EXPECT_EQ(redact(R"({"p":"a\"quoted\\one\""})", quoted), R"({"p":"[REDACTED:known]"})");
  EXPECT_EQ(redact(R"({"l":"{\"p\":\"a\\\"quoted\\\\one\\\"\"}"})", quoted),
            R"({"l":"{\"p\":\"[REDACTED:known]\"}"})");
}

TEST(Known, InBase64BehindAndBeforeAnything) {
  Rules rules = known_values({kValue});
  for (const char* before : {"", "a", "ab", "abc", "user:"}) {
    for (const char* after : {"", "x", "xy", "xyz"}) {
      for (bool url : {false, true}) {
        std::string encoded = base64(before + kValue + after, url);
        std::string redacted = redact("h " + encoded + " t", rules);
        EXPECT_NE(redacted.find("[REDACTED:known]"), std::string::npos) << encoded;
        // What is left decodes to nothing of the value but the few bits at its ends.
        EXPECT_LE(redacted.size(), std::string("h [REDACTED:known] t").size() + 16) << redacted;
      }
    }
  }
}

TEST(Known, SpellingsAreWithoutDuplicates) {
  std::vector<std::string> spellings = spellings_of(kValue);
  EXPECT_EQ(std::set<std::string>(spellings.begin(), spellings.end()).size(), spellings.size());
  EXPECT_EQ(std::count(spellings.begin(), spellings.end(), kValue), 1);
}

TEST(Known, EncodingsOfShortValuesAreNotLookedFor) {
  for (const std::string& spelling : spellings_of("abcdef"))
    EXPECT_GE(spelling.size(), 6u) << spelling;
}

TEST(Known, TooShortIsRefused) {
  std::vector<RuleError> errors;
  Rule rule;
  rule.id = "known";
  rule.kind = RuleKind::known;
  rule.values = {"e", "12345", "long enough"};
  RuleGroup group;
  group.rules = {rule};
  EXPECT_EQ(RuleSet::compile({group}, {}, errors), nullptr);
  EXPECT_EQ(errors.size(), 2u) << "every one is reported";
}

TEST(Known, OfSeveralLinesIsMaskedLineByLine) {
  Rules rules = known_values({"first line of it\n  second line of it  \r\nthird line of it"});
  EXPECT_EQ(redact("first line of it\n  second line of it\nthird line of it\n", rules),
            "[REDACTED:known]\n  [REDACTED:known]\n[REDACTED:known]\n");
}

TEST(Known, CutOffAtTheEndOfTheStreamIsMasked) {
  Rules rules = known_values({"hunter2-hunter2"});
  EXPECT_EQ(redact("x hunter2-hun", rules), "x [REDACTED:known]");
  EXPECT_EQ(redact("x hunt", rules), "x [REDACTED:known]");
  EXPECT_EQ(redact("x hunter2-hun\n", rules), "x hunter2-hun\n")
      << "the record ended: it is not the value";
  EXPECT_EQ(redact("x hunter2-hunter2hunter2", rules), "x [REDACTED:known][REDACTED:known]");
}

TEST(Known, ThatOverlapAreMaskedTogether) {
  Rules rules = known_values({"abcdefgh", "fghijklm"});
  EXPECT_EQ(redact("xabcdefghijklmy", rules), "x[REDACTED:known]y");
}

TEST(Known, OneInsideAnotherLeavesNoTail) {
  Rules rules = known_values({"secret", "secret-and-more"});
  EXPECT_EQ(redact("x secret-and-more y secret z", rules),
            "x [REDACTED:known] y [REDACTED:known] z");
}

TEST(Known, BytesOfAnyValue) {
  std::string value("\xff\x01\x80.*[^$\\#");
  Rules rules = known_values({value});
  EXPECT_EQ(redact("a" + value + "b", rules), "a[REDACTED:known]b");
}

TEST(Known, SurvivesAnyCut) {
  Rules rules = known_values({kValue, "battery+"});
  std::string text =
      "a " + kValue + " " + base64("u:" + kValue) + "\nbattery+x " + kValue.substr(0, 12);
  expect_same_under_every_cut(text, rules);
}

TEST(Known, ThousandsOfValuesCompileAndMatch) {
  std::vector<std::string> values;
  for (int i = 0; i < 2000; ++i) values.push_back(fill("{alnum:24}", std::to_string(i)).text);
  Rules rules = known_values(values);
  for (int i = 0; i < 2000; i += 97) {
    EXPECT_EQ(redact("x " + values[static_cast<size_t>(i)] + " y", rules), "x [REDACTED:known] y");
  }
}

TEST(Known, EscapesEveryByteForTheMatcher) {
  std::string all;
  for (int c = 1; c < 256; ++c) {
    if (c != '\n') all += static_cast<char>(c);
  }
  std::string escaped = escape_expression(all);
  EXPECT_EQ(MatchDatabase::compile({{escaped}}).stream_bytes() > 0, true);
  EXPECT_EQ(expression_width(escaped).min, all.size());
  EXPECT_EQ(expression_width(escaped).max, all.size());
}

}  // namespace
}  // namespace redactd::test
