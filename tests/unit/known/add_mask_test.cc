#include "daemon/known/add_mask.h"

#include <gtest/gtest.h>

namespace redactd::test {
namespace {

TEST(AddMask, TakesTheRestOfTheLine) {
  EXPECT_EQ(add_mask_value("::add-mask::made up value"), "made up value");
  EXPECT_EQ(add_mask_value("::add-mask::made-up\r\n"), "made-up");
}

TEST(AddMask, MayFollowAHeader) {
  EXPECT_EQ(
      add_mask_value("<13>1 2026-01-01T00:00:00Z host app 7 - [a b=\"c\"] ::add-mask::made-up"),
      "made-up");
  EXPECT_EQ(
      add_mask_value("<13>1 2026-01-01T00:00:00Z host app 7 - - \xef\xbb\xbf::add-mask::made-up"),
      "made-up");
  EXPECT_EQ(add_mask_value("<13>Oct 11 22:14:15 host app[7]: ::add-mask::made-up"), "made-up");
  EXPECT_EQ(add_mask_value("2026-01-01T00:00:00Z stdout F ::add-mask::made-up"), "made-up");
}

TEST(AddMask, TheCommandsNameMayBeInAnyCase) {
  EXPECT_EQ(add_mask_value("::ADD-MASK::made-up"), "made-up");
  EXPECT_EQ(add_mask_value("a::b::c ::Add-Mask::made-up"), "made-up");
}

TEST(AddMask, TheCommandMayHaveProperties) {
  EXPECT_EQ(add_mask_value("::add-mask key=x::made-up"), "made-up");
  EXPECT_EQ(add_mask_value("<13>a: ::Add-Mask a=b,c=%3A::made::up"), "made::up");
  EXPECT_EQ(add_mask_value("::add-mask ::made-up"), "made-up");
}

TEST(AddMask, OtherLinesAreNone) {
  EXPECT_FALSE(add_mask_value(""));
  EXPECT_FALSE(add_mask_value("add-mask::made-up"));
  EXPECT_FALSE(add_mask_value("what::add-mask::made-up"));
  EXPECT_FALSE(add_mask_value("::add-mask::"));
  EXPECT_FALSE(add_mask_value("::add-mask::\r\n"));
  EXPECT_FALSE(add_mask_value("::add-mask key=x:made-up"));
  EXPECT_FALSE(add_mask_value("::add-mask key=x"));
  EXPECT_FALSE(add_mask_value("::add-masks::made-up"));
  EXPECT_FALSE(add_mask_value("{\"log\": \"run ::add-mask::made-up\"}"))
      << "where the value ends in an object only its parser knows";
}

TEST(AddMask, DecodesWhatTheToolkitEncodes) {
  EXPECT_EQ(decode_add_mask("one%0Atwo%0D%0athree").view(), "one\ntwo\r\nthree");
  EXPECT_EQ(decode_add_mask("100%2525").view(), "100%25") << "once only";
  EXPECT_EQ(decode_add_mask("a%20b%").view(), "a%20b%") << "nothing else is encoded";
  EXPECT_EQ(decode_add_mask("%2").view(), "%2");
}

std::string asked(std::string_view record) {
  std::optional<Secret> value = asked_to_mask(record);
  return value ? std::string(value->view()) : "nothing";
}

TEST(AddMask, AContainersLineIsLookedIntoInJson) {
  EXPECT_EQ(asked(R"({"log":"::add-mask::made-up\n","stream":"stdout","time":"now"})"), "made-up");
  EXPECT_EQ(
      asked(R"({"time":"now","stream":"stdout","pod":"web","log":"  ::add-mask::made up\r"})"),
      "made up");
  EXPECT_EQ(asked(R"({"log":"::add-mask::a\"b\\n%0Ac\n","stream":"stdout"})"), "a\"b\\n\nc");
  EXPECT_EQ(asked(R"({"log":"::add-mask::cut off)"), "cut off");
  EXPECT_EQ(asked("::add-mask::made%25up"), "made%up");
}

TEST(AddMask, OtherStringsOfAnObjectAskForNothing) {
  EXPECT_EQ(asked(R"({"message":"::add-mask::made-up"})"), "nothing");
  EXPECT_EQ(asked(R"({"log":"started","message":"::add-mask::made-up"})"), "nothing");
  EXPECT_EQ(asked(R"({"log":"{\"message\":\"::add-mask::made-up\"}"})"), "nothing");
  EXPECT_EQ(asked(R"({"log":"::add-mask::\n","stream":"stdout"})"), "nothing");
}

}  // namespace
}  // namespace redactd::test
