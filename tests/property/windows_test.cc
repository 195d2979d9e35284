// Records longer than Limits::max_record are redacted in windows: L1 and L2 hold all the same,
// wherever the secret stands to the seams.

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>

#include "tests/testing/all_splits.h"
#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

constexpr size_t kWindow = 4096;
const Limits kSmall{kWindow};

/// `size` bytes of ordinary text in one line.
std::string filler(size_t size) {
  static constexpr std::string_view kText = "request took 12 ms, status ok; ";
  std::string text;
  while (text.size() < size) text += kText;
  text.resize(size);
  if (!text.empty()) text.back() = ' ';
  return text;
}

struct Planted {
  const char* name;
  const char* source;  // the secret between « and »
};

void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.name; }

const Planted kPlanted[] = {
    {"token", "key glpat-free «ghp_{alnum:36}» "},
    {"quoted", R"("password":"«{alnum:40} {alnum:30}»" )"},
    {"escaped", R"(\"password\":\"«{alnum:20}\\\"{alnum:20}»\" )"},
    {"bare", "password=«{alnum:60}» "},
    {"url", "postgres://admin:«{alnum:20}@{alnum:20}»@db:5432/app "},
    {"header", "Authorization: Bearer «{alnum:60}» "},
};

class Seam : public ::testing::TestWithParam<Planted> {};

/// The seams between what comes out: at every multiple of the window; a window looks kOverlap
/// beyond them.
TEST_P(Seam, ASecretAtAnyOffsetFromItIsMaskedAndTheRestIsNot) {
  Filled planted = fill(GetParam().source);
  const std::string& secret = planted.secrets[0];
  std::string text = filler(3 * kWindow + 200 * 1024);
  for (size_t seam : {2 * kWindow, 2 * kWindow + kOverlap}) {
    for (size_t before = 0; before <= planted.text.size() + 2; before += 3) {
      std::string line = text;
      size_t at = seam - before;
      line.replace(at, planted.text.size(), planted.text);
      std::string redacted = redact(line + "\nnext\n", builtin(), kSmall);
      ASSERT_EQ(redacted.find(secret), std::string::npos)
          << GetParam().name << " " << before << " bytes before the seam";
      std::string whole = redact(line + "\nnext\n");
      ASSERT_EQ(first_difference(whole, redacted), "")
          << GetParam().name << " " << before << " bytes before the seam at " << seam;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, Seam, ::testing::ValuesIn(kPlanted),
                         [](const auto& tested) { return tested.param.name; });

TEST(Windows, ALongLineComesOutTheSameUnderEverySplit) {
  std::string line;
  for (int i = 0; line.size() < 300'000; ++i) {
    line += filler(1000 + static_cast<size_t>(i) * 7 % 900);
    line +=
        fill(kPlanted[static_cast<size_t>(i) % std::size(kPlanted)].source, std::to_string(i)).text;
  }
  for (size_t window : {size_t{1024}, kWindow, size_t{50'000}}) {
    expect_same_under_random_cuts(line + "\nnext line\n" + line, builtin(), Limits{window}, 6,
                                  static_cast<unsigned>(window));
  }
}

TEST(Windows, AnythingComesOutTheSameUnderEverySplit) {
  static constexpr std::string_view kPieces[] = {"password",
                                                 "=",
                                                 ": ",
                                                 "\"",
                                                 "\\\"",
                                                 "\\",
                                                 "'",
                                                 " ",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 "xyz",
                                                 "Z9x7",
                                                 "@",
                                                 "postgres://u:",
                                                 "%3D",
                                                 "&",
                                                 "token",
                                                 "Bearer ",
                                                 "Cookie: ",
                                                 ";",
                                                 "-----BEGIN PRIVATE"
                                                 " KEY-----",
                                                 "-----END PRIVATE"
                                                 " KEY-----"};
  std::mt19937 random(77);
  for (int round = 0; round < 4; ++round) {
    std::string line;
    while (line.size() < 180'000) {
      // Long runs of one thing make spans that cross windows.
      std::string_view piece = kPieces[random() % std::size(kPieces)];
      size_t times = random() % 40 == 0 ? 2000 : 1;
      for (size_t i = 0; i < times; ++i) line += piece;
    }
    expect_same_under_random_cuts(line + "\nnext\n", builtin(), Limits{1024 + random() % 8000}, 4,
                                  static_cast<unsigned>(round));
    if (HasFailure()) break;
  }
}

/// What is longer than window and overlap together is masked in pieces of one span, none of it in
/// clear.
TEST(Windows, ASecretLongerThanAWindowIsMaskedToItsEnd) {
  for (size_t size : {size_t{5'000}, size_t{70'000}, size_t{150'000}, size_t{400'000}}) {
    std::string secret =
        fill("{alnum:" + std::to_string(std::min<size_t>(size, 90'000)) + "}").text;
    while (secret.size() < size) secret += secret.substr(0, size - secret.size());
    for (const auto& [before, after] : {std::pair<std::string, std::string>{"ghp_", " after"},
                                        {"password=", " after"},
                                        {"{\"password\":\"", "\",\"x\":1}"},
                                        {"{\"l\":\"{\\\"password\\\":\\\"", "\\\"}\"}"},
                                        {"Cookie: sid=", "; Path=/"},
                                        {"postgres://u:", "@db/app"}}) {
      std::string line = filler(3000) + before + secret + after + "\n";
      std::string redacted = expect_same_under_random_cuts(line, builtin(), kSmall, 3);
      size_t longest = 0;
      // No stretch of the secret may show: look for any 24 bytes of it.
      for (size_t at = 0; at + 24 <= secret.size(); at += 997)
        longest += redacted.find(secret.substr(at, 24)) != std::string::npos;
      EXPECT_EQ(longest, 0u) << before << " of " << size << " bytes";
      EXPECT_NE(redacted.find(after), std::string::npos)
          << before << " of " << size << " bytes: what follows is gone";
      EXPECT_EQ(redacted.substr(0, 3000), line.substr(0, 3000));
    }
  }
}

TEST(Windows, AQuotedValueWithEscapesAtTheSeam) {
  // Backslashes in a row just where a window ends: the parity must not be lost.
  for (size_t shift = 0; shift < 12; ++shift) {
    std::string value = std::string(kWindow + kOverlap - 40 - shift, 'a') + R"(\\\\\\\"\\\\)" +
                        std::string(2 * kWindow, 'b') + R"(\")" + "tail-of-the-secret";
    std::string line = "{\"password\":\"" + value + "\",\"x\":\"visible\"}\n";
    std::string redacted = redact(line, builtin(), kSmall);
    EXPECT_EQ(redacted.find("tail-of-the-secret"), std::string::npos) << shift;
    EXPECT_NE(redacted.find("\",\"x\":\"visible\"}\n"), std::string::npos)
        << shift << redacted.substr(redacted.size() - 80);
  }
}

TEST(Windows, AKeyOnOneLongLine) {
  std::string body;
  for (int i = 0; i < 60; ++i) body += fill("{base64:64}\\n", std::to_string(i)).text;
  for (size_t before = 0; before < 2 * kWindow; before += 331) {
    std::string line = filler(200 + before) +
                       "\"-----BEGIN RSA PRIVATE"
                       " KEY-----\\n" +
                       body +
                       "-----END RSA PRIVATE"
                       " KEY-----\\n\" after\n";
    std::string redacted = redact(line, builtin(), kSmall);
    for (int i = 0; i < 60; ++i) {
      std::string part = fill("{base64:64}\\n", std::to_string(i)).text.substr(0, 64);
      ASSERT_EQ(redacted.find(part), std::string::npos)
          << "line " << i << " with " << before << " bytes before";
    }
    EXPECT_TRUE(redacted.ends_with("\" after\n")) << before;
  }
}

TEST(Windows, AKeyOfManyLinesAfterALongRecord) {
  std::string text = filler(300'000) +
                     "\n-----BEGIN PRIVATE"
                     " KEY-----\n" +
                     fill("{base64:64}\n{base64:64}\n").text +
                     "-----END PRIVATE"
                     " KEY-----\n";
  expect_same_under_random_cuts(text, builtin(), kSmall, 4);
  EXPECT_EQ(redact(text, builtin(), kSmall), redact(text));
}

TEST(Windows, AKnownValueAtEveryOffset) {
  Rules rules = known_values({"the-known-value-of-some-length"});
  for (size_t before = 0; before < 34; ++before) {
    std::string line =
        filler(2 * kWindow - before) + "the-known-value-of-some-length" + filler(200'000);
    ASSERT_EQ(first_difference(redact(line, rules), redact(line, rules, kSmall)), "") << before;
  }
}

TEST(Windows, BytesOutsideSpansAreIdentical) {
  std::string line = filler(500'000);
  EXPECT_EQ(first_difference(line + "\n", redact(line + "\n", builtin(), kSmall)), "");
  EXPECT_EQ(first_difference(line, redact(line, builtin(), Limits{1024})), "")
      << "without a line feed";
}

TEST(Windows, MemoryStaysFlatOnARecordWithoutEnd) {
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch, kSmall);
  std::string part = filler(64 * 1024);
  size_t room = 0;
  uint64_t out = 0;
  for (int i = 0; i < 500; ++i) {
    std::span<char> space = redactor.prepare(part.size());
    room = std::max(room, space.size());
    std::copy(part.begin(), part.end(), space.begin());
    out += redactor.commit(part.size()).size();
  }
  EXPECT_LT(room, size_t{2} << 20) << "the buffer grew";
  EXPECT_GT(out, 500 * part.size() - (size_t{1} << 20)) << "bytes were held back";
}

TEST(Windows, JsonOfManyMembersStaysJson) {
  std::string line = "{\"a\":[";
  for (int i = 0; i < 6000; ++i)
    line += "{\"password\":" + std::to_string(1000000 + i) + ",\"user\":\"u\\\"" +
            std::to_string(i) + "\"},";
  line += "{}]}\n";
  std::string redacted = redact(line, builtin(), kSmall);
  EXPECT_EQ(first_difference(redact(line), redacted), "");
  EXPECT_EQ(count_of(redacted, "\"password\":\"[REDACTED:password]\""), 6000u);
}

}  // namespace
}  // namespace redactd::test
