#include "filters/rewriter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

Masker stars() {
  Rule rule;
  rule.id = "r";
  return Masker({rule}, {MaskStyle::fixed, "#", 4}, {});
}

std::string rewritten(std::string_view text, std::vector<Span> spans, size_t from = 0,
                      size_t to = std::string::npos) {
  std::vector<std::string_view> quotes = quote_bare_json(text, spans);
  std::string out;
  std::vector<Replaced> replaced;
  append_masked(text, from, std::min(to, text.size()), spans, quotes, stars(), out, replaced);
  return out;
}

TEST(Rewriter, ReplacesSpansAndNothingElse) {
  EXPECT_EQ(rewritten("abcdefghij", {{2, 4, 0, {}}, {6, 7, 0, {}}}), "ab#ef#hij");
  EXPECT_EQ(rewritten("abc", {{0, 3, 0, {}}}), "#");
  EXPECT_EQ(rewritten("abc", {}), "abc");
}

TEST(Rewriter, ASpanThatBeganBeforeTheWindowHasItsMaskAlready) {
  EXPECT_EQ(rewritten("abcdefghij", {{2, 6, 0, {}}}, 4), "ghij");
}

TEST(Rewriter, ASpanThatGoesOnAfterTheWindowGetsItsMaskWhole) {
  EXPECT_EQ(rewritten("abcdefghij", {{2, 8, 0, {}}}, 0, 4), "ab#");
  EXPECT_EQ(rewritten("abcdefghij", {{6, 8, 0, {}}}, 0, 4), "abcd");
}

TEST(Rewriter, BareJsonValuesBecomeStrings) {
  for (const char* text : {R"({"password":1234567})", R"({"password": 1234567 ,"x":1})",
                           R"({"x":1,"password":-12.5e3})", R"({"a":{"password":1234567}})",
                           R"([{"password":1234567}])", R"({"password":[1234567,7654321]})"}) {
    std::string redacted = redact(text);
    EXPECT_TRUE(nlohmann::json::accept(redacted)) << text << " gave " << redacted;
    EXPECT_EQ(redacted.find("1234567"), std::string::npos) << redacted;
  }
  EXPECT_EQ(redact(R"({"password":1234567,"x":1})"), R"({"password":"[REDACTED:password]","x":1})");
}

TEST(Rewriter, BareValuesOfJsonInsideJsonBecomeStringsAtTheirDepth) {
  std::string redacted = redact(R"({"log":"{\"password\":1234567,\"x\":1}"})");
  EXPECT_EQ(redacted, R"({"log":"{\"password\":\"[REDACTED:password]\",\"x\":1}"})");
  nlohmann::json document = nlohmann::json::parse(redacted);
  EXPECT_TRUE(nlohmann::json::accept(document["log"].get<std::string>()));
}

TEST(Rewriter, ANumberElsewhereInJsonBecomesAString) {
  Rules rules = known_values({"1234567890"});
  EXPECT_EQ(redact(R"({"id":1234567890,"x":[1,1234567890]})", rules),
            R"({"id":"[REDACTED:known]","x":[1,"[REDACTED:known]"]})");
  EXPECT_EQ(redact(R"({"m":"id 1234567890, 1234567890"})", rules),
            R"({"m":"id [REDACTED:known], [REDACTED:known]"})");
  EXPECT_EQ(redact("1234567890", rules), "[REDACTED:known]")
      << "a line that is only the value is no JSON to keep";
}

TEST(Rewriter, APartOfABareScalarTakesTheWholeScalar) {
  Rules rules = known_values({"123456"});
  std::string redacted = redact(R"({"id":99123456.5,"x":1})", rules);
  EXPECT_EQ(redacted, R"({"id":"[REDACTED:known]","x":1})");
}

TEST(Rewriter, OutsideJsonNothingIsQuoted) {
  EXPECT_EQ(redact("password=1234567, next"), "password=[REDACTED:password], next");
  EXPECT_EQ(redact("password: 1234567"), "password: [REDACTED:password]");
}

TEST(Rewriter, PythonDictionariesGetTheirOwnQuotes) {
  EXPECT_EQ(redact("{'password': 1234567, 'x': 1}"), "{'password': '[REDACTED:password]', 'x': 1}");
}

}  // namespace
}  // namespace redactd::test
