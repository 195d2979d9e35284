#include "filters/spans/regex_shape.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace redactd::test {
namespace {

RegexShape shape(std::string_view expression, int group = 0) {
  RegexShapes shapes;
  std::optional<RegexShape> shape = shapes.shape_of(expression, group);
  EXPECT_TRUE(shape.has_value()) << expression;
  return shape.value_or(RegexShape{});
}

std::string needed(std::string_view expression) { return shape(expression).needed; }

TEST(RegexShape, WhatMayFollowIsNotNeeded) {
  EXPECT_EQ(needed(R"(key=\w{8,99})"), R"(key=\w{8})");
  EXPECT_EQ(needed(R"(key=(\w+)=*)"), R"(key=(\w))");
  EXPECT_EQ(needed(R"(key=[0-9]+?(?:.*;)?)"), "key=[0-9]");
  EXPECT_EQ(needed(R"(key=(?:a{2,}|b+c*|d))"), "key=(?:a{2}|b|d)");
  EXPECT_EQ(needed(R"((?i)key=(?P<secret>x)|pin=\d{4,})"), R"((?i)key=(?P<secret>x)|pin=\d{4})");
  EXPECT_EQ(needed(R"(key=(?:ab){2,5})"), "key=(?:ab){2}");
  EXPECT_EQ(needed(R"(key=(a+)?b{3})"), R"(key=(a+)?b{3})");
}

TEST(RegexShape, AWordsEndIsNotNeededBehindManyBytes) {
  EXPECT_EQ(needed(R"(\b(key-[a-z]{10,72})\b)"), R"(\b(key-[a-z]{10}))");
  EXPECT_EQ(needed(R"(\b(key-[a-z]{1,72})\b)"), R"(\b(key-[a-z]{1,72})\b)");
  EXPECT_EQ(needed(R"(\b(key-[a-z]{10})\b)"), R"(\b(key-[a-z]{10})\b)");
  EXPECT_EQ(needed(R"(key-[a-z]{10,}$)"), R"(key-[a-z]{10,}$)");
}

TEST(RegexShape, KnowsTheGroupsPlaceWhereAllAroundItIsAsWide) {
  const auto place = shape(R"(\bkey=["'](?:\d{2}|ab)([a-z]+)(?:;|,)\b)", 1).secret;
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->before, 7u);
  EXPECT_EQ(place->behind, 1u);
  EXPECT_TRUE(shape(R"(((?:key=(\d+))))", 2).secret.has_value());
  EXPECT_TRUE(shape(R"(((?:key=(\d+))))", 1).secret.has_value());
  EXPECT_FALSE(shape(R"(key=?([\d=]+))", 1).secret.has_value());
  EXPECT_FALSE(shape(R"(key=(\d+);?)", 1).secret.has_value());
  EXPECT_FALSE(shape(R"(key=(\d+)|pin)", 1).secret.has_value());
  EXPECT_FALSE(shape(R"((?:key=(\d+)|pin))", 1).secret.has_value());
  EXPECT_FALSE(shape(R"((?:key=(\d+)){2})", 1).secret.has_value());
  EXPECT_FALSE(shape(R"(key=(\d+)?)", 1).secret.has_value());
}

TEST(RegexShape, ASecretBehindAByteThatItCannotHoldIsFoundFromTheEnd) {
  const auto place = shape(R"(k *(?:=|:)["']?\b([0-9a-f]{4,}-?),)", 1).secret;
  ASSERT_TRUE(place.has_value());
  EXPECT_FALSE(place->before.has_value());
  EXPECT_EQ(place->behind, 1u);
  EXPECT_TRUE(place->inside.has('-'));
  EXPECT_FALSE(place->inside.has('='));
  EXPECT_FALSE(shape(R"(id *(\d+ ?))", 1).secret.has_value());
  EXPECT_FALSE(shape(R"(i?d?(\d+))", 1).secret.has_value());
}

TEST(RegexShape, TellsWhetherAMatchMeetsALineEnd) {
  for (const char* expression :
       {R"(key\s)", R"(key[^a])", R"(\s?key)", R"(key(?:;|\s)?\b)", R"(a|\sb)"})
    EXPECT_TRUE(shape(expression).meets_line_end) << expression;
  for (const char* expression : {R"(key\sx)", R"(key[a-z]*)", R"(^key\w$)", R"(k[^a]*y)"})
    EXPECT_FALSE(shape(expression).meets_line_end) << expression;
}

TEST(RegexShape, ALongLookInVainIsPossibleInRepeatsThatAMatchCanDoWithout) {
  for (const char* expression : {R"(key=\d+)", R"(a.*b)", R"(\bkey\s*=\s*(\w{6,128})\b)",
                                 R"(a(?:x|y{0,9}){1,3}b)", R"((?:\d{1,3}\.){3}\d{1,3})"})
    EXPECT_TRUE(shape(expression).doubtful.empty()) << expression;
  for (const char* expression :
       {R"(tok=[0-9]+(?:.*;)?)", R"(a|b.*c)", R"(a(?:bc)+)", R"(a(?:b.{0,99})?)"})
    EXPECT_EQ(shape(expression).doubtful.size(), 1u) << expression;
}

TEST(RegexShape, KnowsTheBytesOfClassesAndRepeats) {
  const RegexShape found = shape(R"(A(?:[b-d][^\x00-\x7f]?)+\d{1,}[[:space:]])");
  for (char byte : std::string_view("Aabcd09 \t\xff")) EXPECT_TRUE(found.bytes.has(byte)) << byte;
  for (char byte : std::string_view("e;-=")) EXPECT_FALSE(found.bytes.has(byte)) << byte;
  ASSERT_EQ(found.doubtful.size(), 1u);
  EXPECT_TRUE(found.doubtful[0].has('b'));
  EXPECT_FALSE(found.doubtful[0].has('0'));
}

TEST(RegexShape, ReadsBracesBracketsAndEscapesAsRE2Does) {
  EXPECT_EQ(needed(R"(a{,3}b+)"), R"(a{,3}b)");
  EXPECT_EQ(needed(R"(a{x}b+)"), R"(a{x}b)");
  EXPECT_EQ(needed(R"([]a+]{2,}b\x{41}\101+)"), R"([]a+]{2,}b\x{41}\101)");
  EXPECT_EQ(needed(R"([^]a|(]x\pL+)"), R"([^]a|(]x\pL)");
  EXPECT_EQ(needed(R"(\Qa+(\Eb+)"), R"(\Qa+(\Eb+)");
  RegexShapes shapes;
  EXPECT_FALSE(shapes.shape_of(R"(a{2}{3})", 0).has_value());
  EXPECT_FALSE(shapes.shape_of(R"(^*a)", 0).has_value());
}

}  // namespace
}  // namespace redactd::test
