#include "filters/validators/byte_window.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// Runs of letters, digits and others, as tokens and names have them.
std::string drawn_text(std::mt19937& random, size_t size) {
  static constexpr std::string_view kKinds[] = {"abcxyz", "ABCXYZ", "0189", "-_./", "aA1-", "aaaa"};
  std::string text;
  while (text.size() < size) {
    const std::string_view kind = kKinds[random() % std::size(kKinds)];
    for (size_t i = random() % 12; i > 0; --i) text += kind[random() % kind.size()];
  }
  return text;
}

TEST(MovingWindow, TellsWhereverItWasBeforeWhatTheValidatorsDo) {
  std::mt19937 random(7);
  const std::string text = drawn_text(random, 10000);
  ByteCounts counts;
  CaseChanges changes;
  size_t begin = 0;
  size_t end = 100;
  for (int i = 0; i < 4000; ++i) {
    // Mostly on by a few bytes; back, far away and to other sizes now and then.
    begin += random() % 8;
    if (random() % 8 == 0) begin -= std::min<size_t>(begin, random() % 20);
    if (random() % 100 == 0) begin = random() % text.size();
    if (random() % 10 == 0) end += random() % 50;
    if (random() % 50 == 0) end = begin + random() % 6000;
    begin = std::min(begin, text.size());
    end = std::min(std::max(begin, end), text.size());
    counts.move_to(text, begin, end);
    changes.move_to(text, begin, end);
    const std::string_view bytes = std::string_view(text).substr(begin, end - begin);
    ASSERT_NEAR(counts.entropy(), entropy(bytes), 1e-9) << begin << ' ' << end;
    ASSERT_EQ(changes.is_mixed(), is_mixed(bytes)) << begin << ' ' << end;
    ASSERT_EQ(changes.is_scrambled(), is_scrambled(bytes)) << begin << ' ' << end;
  }
}

TEST(MovingWindow, MovingOnCostsTheBytesThatItMovesBy) {
  const std::string text(20000, 'x');
  CaseChanges window;
  EXPECT_EQ(window.move_to(text, 0, 1000), 1000u);
  EXPECT_EQ(window.move_to(text, 5, 1000), 5u);
  EXPECT_EQ(window.move_to(text, 3, 1002), 4u);
  EXPECT_EQ(window.move_to(text, 15000, 20000), kMostValidated);
}

/// As the rule reads it: the first 512 bytes of a header, decoded at once.
bool names_member(std::string_view text) {
  const SecretText header = decode_base64(text, 512);
  if (!header.starts_with('{')) return false;
  for (const char* member : {"\"alg\"", "\"enc\"", "\"typ\"", "\"kid\"", "\"cty\""}) {
    if (header.find(member) != std::string::npos) return true;
  }
  return false;
}

TEST(JwtHeaders, TellOfEachInARunWhatItTellsByItself) {
  std::mt19937 random(11);
  static constexpr std::string_view kParts[] = {
      "eyJ", "ey",       "ImFsZyI6", "Imtp", "ZCI6IjEi",     "QUJD", "-",     "a",
      ".",   "IjoiIiwi", "eyJ0",     "eXAi", "IjpbIiIsIiJd", "=",    "bGciOi"};
  size_t members = 0;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const size_t rare = random() % 3;  // most runs hold no member
    while (text.size() < 1500) {
      const std::string_view part = kParts[random() % std::size(kParts)];
      const bool of_member = part == "ImFsZyI6" || part == "ZCI6IjEi" || part == "eXAi";
      const bool ends = part == "." || part == "=";
      if ((of_member && random() % (1 + 200 * rare) != 0) || (ends && random() % 40 != 0)) continue;
      text += part;
    }
    JwtHeaders headers;
    size_t work = 0;
    for (size_t at = text.find("eyJ"); at != std::string::npos; at = text.find("eyJ", at + 1)) {
      const bool expected = names_member(std::string_view(text).substr(at));
      members += expected;
      ASSERT_EQ(headers.is_jwt(text, at, text.size(), work), expected) << at << ": " << text;
    }
  }
  EXPECT_GT(members, 0u);
}

TEST(JwtHeaders, EachDigitOfARunWithoutMembersIsDecodedOnceAPhase) {
  std::string text;
  while (text.size() < 40000) text += "eyJ-";
  JwtHeaders headers;
  size_t work = 0;
  for (size_t at = 0; at + 4 <= text.size(); at += 4)
    EXPECT_FALSE(headers.is_jwt(text, at, text.size(), work));
  EXPECT_LT(work, 6 * text.size());
}

}  // namespace
}  // namespace redactd
