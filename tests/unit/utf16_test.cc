#include "filters/utf16_stream.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

Rules made_up() {
  return rules_from(
      "rules: [{id: made-up, title: t, kind: token, severity: high, pattern: 'mu_[a-z]{8}', "
      "extend: 'a-z', examples: ['«mu_{lower:12}»', '«mu_{lower:9}»'], keep: ['none']}]");
}

std::string utf16(std::u16string_view text, ByteOrder order) {
  std::string bytes;
  for (char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    bytes += order == ByteOrder::little ? low : high;
    bytes += order == ByteOrder::little ? high : low;
  }
  return bytes;
}

/// In pieces of that many bytes.
std::string through(const Rules& rules, std::string_view bytes, ByteOrder order, size_t piece,
                    Limits limits = {}) {
  MatchScratch scratch;
  Redactor redactor(rules, scratch, limits);
  Utf16Stream stream(redactor, order);
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += piece) out += stream.commit(bytes.substr(at, piece));
  out += stream.finish();
  return out;
}

TEST(Utf16, IsToldByItsMark) {
  EXPECT_EQ(utf16_order("\xff\xfe"), ByteOrder::little);
  EXPECT_EQ(utf16_order("\xfe\xffx"), ByteOrder::big);
  EXPECT_EQ(utf16_order("\xff"), std::nullopt);
  EXPECT_EQ(utf16_order("\xef\xbb\xbf"), std::nullopt);
  EXPECT_EQ(utf16_order(""), std::nullopt);
}

TEST(Utf16, SecretsInItAreMaskedAndAllElsePassesHoweverItIsCut) {
  const Rules rules = made_up();
  for (ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const std::string in =
        utf16(u"\ufeffschön 💡\r\nlogin mu_abcdefghijk 💡 ok\r\nmu_zyxwvutsrq", order);
    const std::string masked =
        utf16(u"\ufeffschön 💡\r\nlogin [REDACTED:made-up] 💡 ok\r\n[REDACTED:made-up]", order);
    for (size_t piece = 1; piece <= in.size(); ++piece)
      ASSERT_EQ(through(rules, in, order, piece), masked) << piece;
  }
}

TEST(Utf16, EachRecordGoesOutWithItsLineFeed) {
  MatchScratch scratch;
  Redactor redactor(made_up(), scratch);
  Utf16Stream stream(redactor, ByteOrder::little);
  const std::string line = utf16(u"a line\n", ByteOrder::little);
  EXPECT_EQ(stream.commit(std::string_view(line).substr(0, line.size() - 1)), "");
  EXPECT_EQ(stream.commit(std::string_view(line).substr(line.size() - 1)), line);
}

TEST(Utf16, LinesOfBytesBetweenItsLinesAreMaskedToo) {
  const Rules rules = made_up();
  for (ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (const std::string end : {"\n", "\r\n"}) {
      const std::u16string wide_end(end.begin(), end.end());
      auto text = [&](const std::string& secret) {
        const std::u16string wide(secret.begin(), secret.end());
        return utf16(u"\ufeffa " + wide + u" b" + wide_end, order) + "appended: " + secret + end +
               "x " + secret + end + utf16(u"上 " + wide + wide_end, order) + "an odd line" + end +
               utf16(u"密码 " + wide + u" end", order) + "bytes " + secret;
      };
      const std::string in = text("mu_abcdefghijk");
      const std::string masked = text("[REDACTED:made-up]");
      for (size_t piece = 1; piece <= in.size(); ++piece)
        ASSERT_EQ(through(rules, in, order, piece), masked) << piece;
    }
  }
}

TEST(Utf16, OfLinesOfBothInAnyOrderNoSecretIsLeftHoweverTheyAreCut) {
  const Rules rules = made_up();
  const std::string secret = "mu_abcdefghijk";
  const std::u16string wide_secret(secret.begin(), secret.end());
  std::mt19937 random(23);
  for (int round = 0; round < 400; ++round) {
    const ByteOrder order = round % 2 == 0 ? ByteOrder::little : ByteOrder::big;
    std::string in = utf16(u"\ufeff", order);
    for (size_t lines = random() % 12; lines > 0; --lines) {
      static constexpr std::u16string_view kWide[] = {u"a line ", u"上海 一 ", u"schön 💡 ", u""};
      static constexpr std::string_view kNarrow[] = {"a line ", "sch\xc3\xb6n ", "odd line ", ""};
      const std::string end = random() % 2 == 0 ? "\n" : "\r\n";
      if (random() % 2 == 0) {
        const std::u16string wide_end(end.begin(), end.end());
        in += utf16(std::u16string(kWide[random() % 4]) + wide_secret + wide_end, order);
      } else {
        in += std::string(kNarrow[random() % 4]) + secret + end;
      }
    }
    const std::string whole = through(rules, in, order, in.size());
    ASSERT_EQ(whole.find(secret), std::string::npos) << round;
    ASSERT_EQ(whole.find(utf16(wide_secret, order)), std::string::npos) << round;
    ASSERT_EQ(through(rules, in, order, 1 + random() % 40), whole) << round;
  }
}

TEST(Utf16, ALineOfBytesGoesOutWithItsLineFeed) {
  MatchScratch scratch;
  Redactor redactor(made_up(), scratch);
  Utf16Stream stream(redactor, ByteOrder::little);
  EXPECT_EQ(stream.commit("an ordinary line\n"), "an ordinary line\n");
  EXPECT_EQ(stream.ended(), 1u);
  EXPECT_FALSE(stream.in_line());
  EXPECT_EQ(stream.commit("more"), "");
  EXPECT_TRUE(stream.in_line() || stream.finish() == "more");
}

TEST(Utf16, LongLinesOfBothAreMasked) {
  const Rules rules = made_up();
  const std::string secret = "mu_abcdefghijk";
  std::u16string wide;
  std::string bytes;
  for (size_t i = 0; i < Utf16Lines::kLongest; ++i) {
    wide += i % 7 == 0 ? u" " : u"é";
    bytes += i % 7 == 0 ? ' ' : 'e';
  }
  auto text = [&](const std::string& value) {
    const std::u16string wide_value(value.begin(), value.end());
    return utf16(wide + wide_value + wide + wide_value + u" x\n", ByteOrder::little) + bytes +
           value + " x\n" + utf16(wide_value + u"\n", ByteOrder::little);
  };
  for (size_t piece : {777, 8192, 1000000})
    ASSERT_EQ(through(rules, text(" " + secret), ByteOrder::little, piece),
              text(" [REDACTED:made-up]"))
        << piece;
}

TEST(Utf16, CountsAreOfTheBytesThatCameAndOfAllMasks) {
  MatchScratch scratch;
  Redactor redactor(made_up(), scratch);
  Utf16Stream stream(redactor, ByteOrder::little);
  const std::string line = utf16(u"mu_abcdefghijk\n", ByteOrder::little);
  stream.commit(line + "mu_abcdefghijk\n");
  stream.finish();
  EXPECT_EQ(redactor.counters().bytes_in, line.size() + 15);
  EXPECT_EQ(redactor.counters().masks, 2u);
}

TEST(Utf16, BytesThatAreNonePassAsTheyAre) {
  const Rules rules = made_up();
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) {  // halves of pairs, line feeds, anything
      const unsigned kind = random() % 4;
      byte = static_cast<char>(kind == 0 ? 0xd8 + random() % 8 : kind == 1 ? 10 : random() % 256);
    }
    for (ByteOrder order : {ByteOrder::little, ByteOrder::big})
      ASSERT_EQ(through(rules, bytes, order, 1 + random() % 9), bytes) << round;
  }
}

TEST(Utf16, ARecordLongerThanItsLimitIsStillWholeCharacters) {
  std::u16string text = u"\ufeff";
  for (int i = 0; i < 9000; ++i) text += u"xö💡€";
  const std::string bytes = utf16(text, ByteOrder::little);
  EXPECT_EQ(through(made_up(), bytes, ByteOrder::little, 1000, {kLeastMaxRecord}), bytes);
}

TEST(Utf16, APartOfACharacterBecomesTheReplacementCharacter) {
  std::string out;
  Utf16Encoder encoder(ByteOrder::big);
  encoder.encode("a\xc3", out);
  EXPECT_EQ(out, std::string_view("\0a", 2));
  encoder.encode("*\xb6", out);
  encoder.encode("\xf0\x9f", out);
  encoder.finish(out);
  EXPECT_EQ(out, utf16(u"a\ufffd*\ufffd\ufffd", ByteOrder::big));
}

}  // namespace
}  // namespace redactd::test
