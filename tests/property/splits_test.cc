// L2: the same bytes give the same output, however they are cut.

#include <gtest/gtest.h>

#include "tests/testing/all_splits.h"
#include "tests/testing/corpus.h"
#include "tests/testing/encode.h"

namespace redactd::test {
namespace {

TEST(EverySplit, OfShortGeneratedLogs) {
  LogWriter writer(11);
  for (int i = 0; i < 100; ++i) {
    PlantedLine lines = writer.lines(2);
    if (lines.text.size() > 900) continue;
    if (i % 3 == 0) lines.text.pop_back();  // without its last line feed
    expect_same_under_every_cut(lines.text);
  }
}

TEST(EverySplit, OfEveryFormOnce) {
  for (const char* text :
       {"", "\n", "\n\n\n", "x", "\r\n", "password=hunter2hunter2",
        "password=hunter2hunter2\n\npassword=hunter2hunter2\n",
        "{\"password\":\"a\\\"b\\\\c-hunter2\"}\n",
        "{\"l\":\"{\\\"password\\\":\\\"hunter2hunter2\\\"}\"}\n",
        "{\"pin\":1,\"password\":1234567}\n", "postgres://admin:p@ss:w0rd@db/app\n",
        "Authorization: Bearer abcdefgh12345678\r\nCookie: a=b1; c=d2\r\n",
        "curl -u admin:hunter2hunter2 https://h/\n-u admin:hunter2hunter2\n",
        "\x1b[31mpassword\x1b[0m=hunter2hunter2\x1b[0m\n"}) {
    expect_same_under_every_cut(text);
  }
}

TEST(EverySplit, OfAKeyOverManyLines) {
  std::string text = fill(
                         "a\n-----BEGIN PRIVATE"
                         " KEY-----\n{base64:64}\n{base64:64}\n{base64:20}==\n-----END PRIVATE"
                         " KEY-----\nb\n")
                         .text;
  expect_same_under_every_cut(text);
  expect_same_under_every_cut(text.substr(0, text.size() / 2));
}

TEST(EverySplit, OfTokensInEveryEncoding) {
  std::string token = fill("glpat-{base64url:20}").text;
  for (const char* before : {"", "=", "==", "t: "}) {
    expect_same_under_every_cut("a " + base64(before + token) + " b\n" + hex(before + token) +
                                "\n");
  }
  expect_same_under_every_cut("a " + escaped(token, "%") + "&b=" + escaped(token, "\\u00", 2) +
                              "\n");
}

TEST(EverySplit, OfLongLogsAtRandom) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    std::string text = LogWriter(seed, 0.3).lines(1500).text;
    expect_same_under_random_cuts(text, builtin(), {}, 6, seed);
  }
}

TEST(EverySplit, WithOneSecretInManyMegabytes) {
  std::string filler = LogWriter(5, 0).lines(200).text;
  std::string text;
  while (text.size() < 3'000'000) text += filler;
  text.insert(2'500'000, "password=hunter2hunter2 ");
  expect_same_under_random_cuts(text, builtin(), {}, 4);
}

TEST(EverySplit, OfRandomBytes) {
  std::mt19937 random(3);
  for (int i = 0; i < 150; ++i) {
    std::string text;
    // Few kinds of bytes, so that structure comes about by itself.
    static constexpr std::string_view kPieces[] = {"password",
                                                   "=",
                                                   ":",
                                                   "\"",
                                                   "\\",
                                                   "'",
                                                   "\n",
                                                   " ",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ",",
                                                   "a",
                                                   "Z9x",
                                                   "@",
                                                   "//",
                                                   "%3D",
                                                   "&",
                                                   "token",
                                                   "\x1b[0m",
                                                   "\xff",
                                                   "Bearer ",
                                                   "postgres://",
                                                   "-----BEGIN PRIVATE"
                                                   " KEY-----"};
    for (int piece = 0; piece < 50; ++piece) text += kPieces[random() % std::size(kPieces)];
    expect_same_under_every_cut(text);
  }
}

TEST(EverySplit, FindingsAndCountersDoNotDependOnTheCutsEither) {
  std::string text = LogWriter(21).lines(60).text;
  auto run = [&](size_t size) {
    MatchScratch scratch;
    Redactor redactor(builtin(), scratch);
    std::vector<std::tuple<uint64_t, uint64_t, uint32_t>> findings;
    auto collect = [&] {
      for (const Finding& finding : redactor.findings())
        findings.emplace_back(finding.begin, finding.size, finding.rule);
    };
    for (size_t at = 0; at < text.size(); at += size) {
      size_t part = std::min(size, text.size() - at);
      std::copy_n(text.data() + at, part, redactor.prepare(part).data());
      redactor.commit(part);
      collect();
    }
    redactor.finish();
    collect();
    EXPECT_EQ(redactor.counters().masks, findings.size());
    EXPECT_EQ(redactor.counters().bytes_in, text.size());
    return findings;
  };
  auto whole = run(text.size());
  EXPECT_FALSE(whole.empty());
  for (size_t size : {1, 13, 100, 4096}) EXPECT_EQ(run(size), whole) << size;
}

/// In reads of `size` bytes, with the words of open records let out after each.
std::string redact_with_prompts(std::string_view text, size_t size, const Rules& rules = builtin(),
                                Limits limits = {}) {
  static MatchScratch scratch;
  Redactor redactor(rules, scratch, limits);
  std::string out;
  for (size_t at = 0; at < text.size(); at += size) {
    std::string_view part = text.substr(at, size);
    std::copy(part.begin(), part.end(), redactor.prepare(part.size()).begin());
    out += redactor.commit(part.size());
    out += redactor.settle_open();
  }
  return out += redactor.finish();
}

void expect_same_with_prompts(std::string_view text, const Rules& rules = builtin(),
                              Limits limits = {}) {
  std::string whole = redact(text, rules, limits);
  for (size_t size : {1, 3, 16}) {
    EXPECT_EQ(first_difference(whole, redact_with_prompts(text, size, rules, limits)), "")
        << "in reads of " << size << ": " << text.substr(0, 2000);
  }
}

TEST(Prompts, ThatGoOutEarlyChangeNoByteOfAnyExample) {
  for (const PlantedLine& line : builtin_examples()) expect_same_with_prompts(line.text);
  for (const PlantedLine& line : builtin_keeps()) expect_same_with_prompts(line.text);
}

TEST(Prompts, ThatGoOutEarlyChangeNoByteOfLogs) {
  for (unsigned seed = 41; seed < 44; ++seed) {
    std::string text = LogWriter(seed, 0.7).lines(150).text;
    expect_same_with_prompts(text);
    expect_same_with_prompts(text, builtin(), {kLeastMaxRecord});
  }
}

TEST(Prompts, ThatGoOutEarlyChangeNoByteOfLongRecords) {
  std::string text = LogWriter(45, 0.5).lines(2000).text;
  std::replace(text.begin(), text.end(), '\n', '\r');
  EXPECT_EQ(first_difference(redact(text, builtin(), {kLeastMaxRecord}),
                             redact_with_prompts(text, 100, builtin(), {kLeastMaxRecord})),
            "");
}

TEST(Prompts, ThatGoOutEarlyChangeNothingOfOddText) {
  std::mt19937 random(47);
  static constexpr std::string_view kPieces[] = {"password",
                                                 "Password: ",
                                                 "=",
                                                 ":",
                                                 "\"",
                                                 "'",
                                                 "\n",
                                                 " ",
                                                 " ",
                                                 "\t",
                                                 "\r",
                                                 "{",
                                                 "}",
                                                 ",",
                                                 "[",
                                                 "(",
                                                 "<",
                                                 ">",
                                                 "a1b2c3d4e5",
                                                 "Zx9-Qw_7",
                                                 "@",
                                                 "//",
                                                 "https://",
                                                 "%3D",
                                                 "&",
                                                 "token",
                                                 "\x1b[0m",
                                                 "is ",
                                                 "Bearer ",
                                                 "Basic ",
                                                 "curl -u ",
                                                 "Cookie: ",
                                                 "postgres://u:",
                                                 "string ",
                                                 "-----BEGIN PRIVATE"
                                                 " KEY-----",
                                                 "-----END PRIVATE"
                                                 " KEY-----",
                                                 "correct ",
                                                 "horse ",
                                                 "battery",
                                                 "\\n",
                                                 "\\u0070",
                                                 "%67"};
  Rules known = known_values({"correct horse battery", "battery a1b2c3d4e5"});
  for (int i = 0; i < 1500; ++i) {
    std::string text;
    for (int piece = 0; piece < 24; ++piece) text += kPieces[random() % std::size(kPieces)];
    expect_same_with_prompts(text);
    expect_same_with_prompts(text, known);
    if (HasFailure()) return;
  }
}

TEST(Prompts, DoNotShowTheTextOfAnElementThatIsClosedLater) {
  for (const char* text : {"x=<password>hunter2 horse battery</password>",
                           "&lt;password&gt;hunter2 horse battery&lt;/password&gt;",
                           "a \\u003cpassword\\u003ehunter2 horse battery\\u003c/password\\u003e b",
                           "%3Cpassword%3Ehunter2 horse battery%3C/password%3E"}) {
    expect_same_with_prompts(text);
    EXPECT_EQ(redact(text).find("horse"), std::string::npos) << text;
  }
}

TEST(EverySplit, ACompleteLineComesOutWithTheReadThatBroughtItsEnd) {
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  auto read = [&](std::string_view part) {
    std::copy(part.begin(), part.end(), redactor.prepare(part.size()).begin());
    return std::string(redactor.commit(part.size()));
  };
  EXPECT_EQ(read("one\ntw"), "one\n");
  EXPECT_EQ(read("o password=hunter2"), "");
  EXPECT_EQ(read("hunter2\n"), "two password=[REDACTED:password]\n");
  EXPECT_EQ(read("\n"), "\n");
  EXPECT_EQ(read("tail"), "");
  EXPECT_EQ(std::string(redactor.finish()), "tail");
}

}  // namespace
}  // namespace redactd::test
