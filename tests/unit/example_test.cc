#include "filters/example.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

TEST(Example, TheSameSeedGivesTheSameText) {
  EXPECT_EQ(fill_example("{alnum:36}", "a").text, fill_example("{alnum:36}", "a").text);
  EXPECT_NE(fill_example("{alnum:36}", "a").text, fill_example("{alnum:36}", "b").text);
  FilledExample two = fill_example("{alnum:20} {alnum:20}", "a");
  EXPECT_NE(two.text.substr(0, 20), two.text.substr(21));
}

TEST(Example, EveryAlphabetHoldsToItsBytes) {
  struct Case {
    const char* source;
    const char* members;
    size_t size;
  };
  for (const Case& c : {Case{"{alnum:200}", "A-Za-z0-9", 200},
                        {"{alpha:200}", "A-Za-z", 200},
                        {"{lower:200}", "a-z", 200},
                        {"{upper:200}", "A-Z", 200},
                        {"{digits:200}", "0-9", 200},
                        {"{hex:200}", "0-9a-f", 200},
                        {"{HEX:200}", "0-9A-F", 200},
                        {"{base32:200}", "A-Z2-7", 200},
                        {"{base64:200}", "A-Za-z0-9+/", 200},
                        {"{base64url:200}", "A-Za-z0-9_-", 200},
                        {"{UPPERNUM:200}", "A-Z0-9", 200},
                        {"{lowernum:200}", "a-z0-9", 200},
                        {"{uuid}", "0-9a-f-", 36}}) {
    std::string text = fill_example(c.source, "seed").text;
    EXPECT_EQ(text.size(), c.size) << c.source;
    ByteClass members = *ByteClass::parse(c.members);
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [&](char b) { return members.has(b); }))
        << c.source << ": " << text;
    EXPECT_TRUE(is_alnum(text.front()) && is_alnum(text.back())) << text;
  }
}

TEST(Example, AJwtIsOne) { EXPECT_TRUE(is_jwt(fill_example("{jwt}", "s").text)); }

TEST(Example, CollectsTheMarkedSecrets) {
  FilledExample filled = fill_example("a «x{digits:3}» b «y» c", "s");
  ASSERT_EQ(filled.secrets.size(), 2u);
  EXPECT_EQ(filled.secrets[0].size(), 4u);
  EXPECT_EQ(filled.secrets[1], "y");
  EXPECT_EQ(filled.text, "a " + filled.secrets[0] + " b y c");
}

TEST(Example, OtherBracesAreThemselves) {
  for (const char* text : {"{}", "{\"a\":1}", "{nosuch:3}", "{alnum}", "{alnum:}", "{alnum:0}",
                           "{alnum:x}", "${VAR}", "{", "}", "{alnum:3"}) {
    EXPECT_EQ(fill_example(text, "s").text, text);
    EXPECT_EQ(fill_example(text, "s").error, "");
  }
}

TEST(Example, UnbalancedMarksAreErrors) {
  for (const char* text : {"«a", "a»", "«a «b» c»", "«»"})
    EXPECT_NE(fill_example(text, "s").error, "") << text;
}

}  // namespace
}  // namespace redactd
