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
  std::vector<MaskForm> forms;
  fit_masks({text}, spans, forms);
  std::string out;
  std::vector<Replaced> replaced;
  append_masked(text, from, std::min(to, text.size()), spans, forms, stars(), out, replaced);
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
  Rules rules = known_values({"12345678"});
  std::string redacted = redact(R"({"id":9912345678.5,"x":1})", rules);
  EXPECT_EQ(redacted, R"({"id":"[REDACTED:known]","x":1})");
}

// RFC 5424 §6.3.3: a bare `]` may not stand in a value.
TEST(Rewriter, InStructuredDataTheMasksBracketIsEscaped) {
  const std::string head = "<34>1 2026-01-02T03:04:05Z host app 12 ID ";
  EXPECT_EQ(
      redact(head + R"([login@1 user="b" password="hunter2Xyz"][x@1 a="b"] password=hunter2Xyz)"),
      head +
          R"([login@1 user="b" password="[REDACTED:password\]"][x@1 a="b"] password=[REDACTED:password])");
  EXPECT_EQ(
      redact(head + R"([x@1 a="q\"\]\\" password="hunter2\"Xyz"][y@1 password="hunter2Xyz"] m)"),
      head +
          R"([x@1 a="q\"\]\\" password="[REDACTED:password\]"][y@1 password="[REDACTED:password\]"] m)");
}

TEST(Rewriter, ElsewhereTheMasksBracketStaysAsItIs) {
  for (const char* head : {"<34>1 2026-01-02T03:04:05Z host app 12 ID - ", "<34>1 - - - - ",
                           "<34>Jan  2 03:04:05 host app: ", "<34>1 - - - - - [x@1 a=\"b\"] ", "",
                           "<>1 - - - - - ", "<34> - - - - - "}) {
    std::string text = std::string(head) + "[x@1 password=\"";
    EXPECT_EQ(redact(text + "hunter2Xyz\"]"), text + "[REDACTED:password]\"]");
  }
}

TEST(Rewriter, AnEscapedMaskIsNotMaskedAgain) {
  std::string once =
      redact(R"(<34>1 - h a - - [x@1 password="hunter2Xyz" api_key="k3JDs82lLdm20s"] m)");
  EXPECT_NE(once.find(R"(REDACTED:password\]")"), std::string::npos);
  EXPECT_EQ(redact(once), once);
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
