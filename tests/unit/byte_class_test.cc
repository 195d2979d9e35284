#include "filters/byte_class.h"

#include <gtest/gtest.h>

namespace redactd {
namespace {

ByteClass parsed(std::string_view text) {
  std::optional<ByteClass> result = ByteClass::parse(text);
  EXPECT_TRUE(result) << text;
  return result.value_or(ByteClass{});
}

TEST(ByteClass, ReadsRangesAndSingleBytes) {
  ByteClass base64url = parsed("A-Za-z0-9_-");
  for (char c : std::string_view("AZaz09_-")) EXPECT_TRUE(base64url.has(c)) << c;
  for (char c : std::string_view("@[`{/:+. \n")) EXPECT_FALSE(base64url.has(c)) << c;
}

TEST(ByteClass, TakesADashAtEitherEndAsItself) {
  EXPECT_TRUE(parsed("-a").has('-'));
  EXPECT_TRUE(parsed("a-").has('-'));
  EXPECT_FALSE(parsed("a-").has('b'));
}

TEST(ByteClass, ReadsEscapes) {
  ByteClass set = parsed(R"(\-\]\\\t)");
  for (char c : std::string_view("-]\\\t")) EXPECT_TRUE(set.has(c)) << int(c);
  EXPECT_FALSE(set.has('t'));
}

TEST(ByteClass, RefusesReversedRangesAndUnknownEscapes) {
  for (const char* bad : {"z-a", "9-0", "\\d", "\\w", "a\\"})
    EXPECT_FALSE(ByteClass::parse(bad)) << bad;
}

TEST(ByteClass, HoldsHighBytes) {
  ByteClass set = parsed("\xc3\x80-\xc3\xbf");
  EXPECT_TRUE(set.has('\xc3'));
  EXPECT_FALSE(set.has('a'));
}

TEST(ByteClass, OfNothingIsEmpty) {
  EXPECT_TRUE(parsed("").empty());
  EXPECT_FALSE(parsed("x").empty());
}

TEST(ByteClass, TellsAsciiClassesWithoutALocale) {
  EXPECT_FALSE(is_letter('\xe9'));
  EXPECT_TRUE(is_blank('\0'));
  EXPECT_TRUE(is_blank('\x7f'));
  EXPECT_FALSE(is_blank('\x80'));
  EXPECT_EQ(to_lower('Z'), 'z');
  EXPECT_EQ(to_lower('\xc9'), '\xc9');
  EXPECT_TRUE(equals_ignoring_case("PassWord", "password"));
  EXPECT_FALSE(equals_ignoring_case("PassWord ", "password"));
  EXPECT_TRUE(starts_with_ignoring_case("Bearer x", "bearer"));
  EXPECT_FALSE(starts_with_ignoring_case("Bea", "bearer"));
}

}  // namespace
}  // namespace redactd
