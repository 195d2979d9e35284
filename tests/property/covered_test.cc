// Keys inside a value that is masked already, or in which nothing looks random, are not resolved:
// that saves time and changes nothing.
// A redactor that traces its decisions resolves them all.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "filters/redactor.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

/// What both put out, each in one read.
struct Both {
  std::string plain;
  std::string traced;
};

std::string put_out(std::string_view text, Limits limits, std::vector<Decision>* decisions) {
  static MatchScratch scratch;
  Redactor redactor(builtin(), scratch, limits);
  redactor.trace(decisions);
  std::copy(text.begin(), text.end(), redactor.prepare(text.size()).begin());
  std::string out(redactor.commit(text.size()));
  return out.append(redactor.finish());
}

Both both(std::string_view text, Limits limits = {}) {
  std::vector<Decision> decisions;
  return {put_out(text, limits, nullptr), put_out(text, limits, &decisions)};
}

/// Keys, values and what may stand between them, mostly without a blank.
std::string line_of_keys(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"password=",
                                                 "token=",
                                                 "secret=",
                                                 "api_key=",
                                                 "AWS_SECRET_KEY=",
                                                 "pwd=",
                                                 "password1=",
                                                 "Cookie=",
                                                 "session=",
                                                 "key=",
                                                 "client_id=",
                                                 "x7Qk2mP9vLw4RtZ",
                                                 "8c1f0d3e",
                                                 "none",
                                                 "password:",
                                                 "token:",
                                                 "key:",
                                                 ": string = \"",
                                                 "null",
                                                 "hunter2",
                                                 "-----",
                                                 "==",
                                                 "a.b-c/d+e",
                                                 "?",
                                                 "://u:p@h",
                                                 "$HOME",
                                                 ":",
                                                 "%3D",
                                                 "=3D",
                                                 "\xc3\xa9"};
  static constexpr std::string_view kMarks[] = {" ",
                                                "\"",
                                                "'",
                                                "\\\"",
                                                ",",
                                                "&",
                                                ";",
                                                "\\n",
                                                "(",
                                                ")",
                                                "[",
                                                "]",
                                                "{",
                                                "}",
                                                " -> ",
                                                "\t",
                                                "<",
                                                ">",
                                                "%26",
                                                "|",
                                                "`",
                                                "\x1b[31m",
                                                "[REDACTED:password]"};
  std::string line;
  const size_t pieces = 8 + random() % 60;
  // One in so many pieces; 0: none.
  const unsigned marks = random() % 3 == 0 ? 0u : 4u + static_cast<unsigned>(random() % 20);
  for (size_t i = 0; i < pieces; ++i) {
    line += kPieces[random() % std::size(kPieces)];
    if (marks != 0 && random() % marks == 0) line += kMarks[random() % std::size(kMarks)];
  }
  return line;
}

TEST(KeysInAMaskedValue, AreSparedWithoutADifference) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string text = line_of_keys(random) + "\n" + line_of_keys(random) + "\n";
    auto [plain, traced] = both(text);
    ASSERT_EQ(first_difference(traced, plain), "") << text;
  }
}

/// All that is behind the first key is masked, lines that are spelt out and variables too.
TEST(KeysInAValueMaskedToTheEnd, AreSparedWithoutADifference) {
  static constexpr std::string_view kPieces[] = {
      "token:",  "api_key=", "password:", "secret=", "key:",   "\\n",        "\\r\\n",   "#012",
      "\\\\n",   "${",       "(",         "[",       "{",      "=>",         "name:",    "value:",
      "\\n- ",   "\\n  ",    "\"",        "\\\"",    "'",      "hunter2",    "8c1f0d",   "x7Qk2m",
      "Cookie:", "://u:p@",  "%0A",       "<b>",     "</key>", "form-data;", "--token=", "----",
      "]=>",     "|",        ": {",       "`",       "-----",  "\\t",        "user=",    "otp:"};
  std::mt19937 random(19);
  for (int round = 0; round < 6000; ++round) {
    std::string text = random() % 2 == 0 ? "password=x7Qk2mP9" : "token:\\n";
    const size_t pieces = 10 + random() % 50;
    for (size_t i = 0; i < pieces; ++i) text += kPieces[random() % std::size(kPieces)];
    auto [plain, traced] = both(text + "\nx7Qk2mP9vLw4RtZ8c1f0d3e\n");
    ASSERT_EQ(first_difference(traced, plain), "") << text;
  }
}

/// A key that lacked its rule's names once is not asked again, and one whose value is masked is no
/// other rule's to look for: names, values and what stands before the same keys differ.
TEST(KeysAgainAndAgain, AreSparedWithoutADifference) {
  static constexpr std::string_view kBefore[] = {"",
                                                 " ",
                                                 "/",
                                                 ":",
                                                 ", ",
                                                 "=",
                                                 "\"",
                                                 "[31m",
                                                 "\x1b[31m",
                                                 ";1m",
                                                 "_",
                                                 "-",
                                                 "\\n",
                                                 "%3D",
                                                 "#012",
                                                 "(",
                                                 "stripe ",
                                                 "datadog_",
                                                 "Adafruit IO ",
                                                 "api ",
                                                 "sonar.",
                                                 "\\u003d",
                                                 "GITHUB_",
                                                 "\t"};
  static constexpr std::string_view kKeys[] = {"api_key",    "key",    "token",   "Token1",
                                               "dd_app_key", "secret", "API key", "access_token",
                                               "otp",        "apikey", "password"};
  static constexpr std::string_view kSeparators[] = {": ",  ":",     "=",    "%3D",  " = ", "=>",
                                                     ": (", "\":\"", ":\\n", " is ", "#012"};
  static constexpr std::string_view kValues[] = {"",
                                                 "x7Qk2mP9vLw4RtZ8c1f0d3e",
                                                 "hunter2 ",
                                                 "winter ",
                                                 "8c1f0d3e8c1f0d3e8c1f0d3e8c1f0d3e,",
                                                 "123456 ",
                                                 "/a/b ",
                                                 "none\" ",
                                                 "old to new "};
  std::mt19937 random(17);
  auto any_of = [&random](const auto& pieces) { return pieces[random() % std::size(pieces)]; };
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    while (text.size() < 300) {
      const std::string_view key = any_of(kKeys);
      const std::string_view separator = any_of(kSeparators);
      const std::string_view value = any_of(kValues);
      const std::string_view before = any_of(kBefore);
      for (size_t times = random() % 5; times > 0; --times) {
        text += random() % 4 == 0 ? any_of(kBefore) : before;
        (text += key) += separator;
        text += random() % 4 == 0 ? any_of(kValues) : value;
      }
    }
    auto [plain, traced] = both(text + "\nx7Qk2mP9vLw4RtZ8c1f0d3e\n");
    ASSERT_EQ(first_difference(traced, plain), "") << text;
  }
}

TEST(KeysInAPlainValue, AreSparedWithoutADifference) {
  static constexpr std::string_view kPieces[] = {"key=",        "key:",
                                                 "auth:",       "password:",
                                                 "key=",        "auth=",
                                                 "salt=",       "seed=",
                                                 "access=",     "api_key=",
                                                 "aws_key=",    "password=",
                                                 "key=key",     "deadbeef",
                                                 "none",        "winter",
                                                 "-",           ".",
                                                 "%3d",         "&key=",
                                                 " key=",       "?auth=",
                                                 "\"salt\":\"", "key: auth=",
                                                 "\\nkey=",     "x7Qk2mP9vLw4RtZ8c1f"};
  std::mt19937 random(13);
  int compared = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const size_t pieces = 20 + random() % 50;
    // Mostly of small letters: digits and capitals are in the last piece, marks in those before it.
    const size_t usual = random() % 2 == 0 ? 8 : std::size(kPieces) - random() % 8;
    for (size_t i = 0; i < pieces; ++i)
      text += kPieces[random() % (random() % 16 == 0 ? std::size(kPieces) : usual)];
    auto [plain, traced] = both(text + "\nx7Qk2mP9vLw4RtZ8c1f0d3e\n");
    if (traced.find("unscannable") != std::string::npos) continue;  // it costs more than the plain
    ++compared;
    ASSERT_EQ(first_difference(traced, plain), "") << text;
  }
  EXPECT_GT(compared, 1000);
}

TEST(KeysInAMaskedValue, AreSparedWithoutADifferenceInWindowsOfALongLine) {
  std::mt19937 random(12);
  for (int round = 0; round < 6; ++round) {
    std::string text;
    while (text.size() < 300'000) text += line_of_keys(random);
    auto [plain, traced] = both(text + "\nnext line\n", Limits{1024 + random() % 100'000});
    ASSERT_EQ(first_difference(traced, plain), "") << round;
  }
}

TEST(KeysInAMaskedValue, OneThatEndsTheLineStillAnnouncesTheNext) {
  std::string run = "password=";
  for (int i = 0; i < 20; ++i) run += "token=";
  std::string text = run + "secret=\nx7Qk2mP9vLw4RtZ8c1f0d3e\n";
  auto [plain, traced] = both(text);
  EXPECT_EQ(plain, traced);
}

TEST(KeysInAMaskedValue, AnotherStringBehindTheRunIsItsOwn) {
  std::string run = "password=";
  for (int i = 0; i < 20; ++i) run += "token=";
  std::string text = fill(run + "== \"«{alnum:24}»\"").text;
  auto [plain, traced] = both(text + "\n");
  EXPECT_EQ(plain, traced);
}

/// Headers among each other's pairs, with what ends a pair, a header or a string.
std::string line_of_cookies(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"Cookie:",
                                                 "Cookie: ",
                                                 "Set-Cookie: ",
                                                 "\"Cookie\":\"",
                                                 "Cookie=",
                                                 "a=b;",
                                                 "sid=f00ba7c4;",
                                                 "theme=x1;",
                                                 "Secure;",
                                                 "Path=/;",
                                                 "Expires=",
                                                 "Wed, 1 Jan;",
                                                 "session=Zk3mV9",
                                                 "=",
                                                 "; ",
                                                 " ",
                                                 "\"",
                                                 "'",
                                                 "\\n",
                                                 ",",
                                                 "[REDACTED:",
                                                 "]",
                                                 "uid=k2Jq;",
                                                 "token: "};
  std::string line;
  const size_t pieces = 4 + random() % 24;
  for (size_t i = 0; i < pieces; ++i) line += kPieces[random() % std::size(kPieces)];
  return line;
}

TEST(CookieHeadersInARow, AreWalkedThroughOnceWithoutADifference) {
  std::mt19937 random(17);
  for (int round = 0; round < 6000; ++round) {
    const std::string text = line_of_cookies(random) + "\n";
    auto [plain, traced] = both(text);
    ASSERT_EQ(first_difference(traced, plain), "") << text;
  }
}

/// One key ends in another, and what separates them from the value is read for the longer one.
TEST(KeysThatEndInAnother, AreSparedWithoutADifference) {
  static constexpr std::string_view kPieces[] = {"api_key",   "api key",    "dd_app_key",
                                                 "X-Api-Key", "access_key", "db.api_key",
                                                 "token",     "otp",        ": ",
                                                 "=",         ":",          " ",
                                                 " = \"",     "\": \"",     "(",
                                                 "[",         "{",          ", ",
                                                 "\" -> \"",  " to ",       "x7Qk2mP9vLw4RtZ81",
                                                 "hunter22",  "/",          "none",
                                                 "set_",      "(\"",        "\")",
                                                 "<",         ">",          "</",
                                                 "%3D"};
  std::mt19937 random(19);
  for (int round = 0; round < 6000; ++round) {
    std::string text;
    for (size_t i = 4 + random() % 40; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
    text += "\n";
    auto [plain, traced] = both(text);
    ASSERT_EQ(first_difference(traced, plain), "") << text;
  }
}

}  // namespace
}  // namespace redactd::test
