#include "filters/spans/extent.h"

#include <gtest/gtest.h>

namespace redactd {
namespace {

/// What is left after the value that begins at byte 0.
std::string_view rest_of_quoted(std::string_view text, const Quote& quote) {
  return text.substr(quoted_end(text, 0, quote));
}

Quote quote_of(char mark, uint8_t backslashes = 0) {
  Quote quote;
  quote.mark = mark;
  quote.backslashes = backslashes;
  return quote;
}

TEST(QuotedEnd, IsTheFirstQuoteThatIsNotEscaped) {
  EXPECT_EQ(rest_of_quoted(R"(a\"b\\" c")", quote_of('"')), R"(" c")");
  EXPECT_EQ(rest_of_quoted(R"(" empty)", quote_of('"')), R"(" empty)");
  EXPECT_EQ(rest_of_quoted(R"(a'b" c)", quote_of('"')), R"(" c)");
}

TEST(QuotedEnd, OfATextThatIsCutOffIsItsEnd) {
  EXPECT_EQ(rest_of_quoted("never closed", quote_of('"')), "");
  EXPECT_EQ(rest_of_quoted(R"(cut in an escape\)", quote_of('"')), "");
}

TEST(QuotedEnd, CountsBackslashesAtEveryDepth) {
  // The value a"b at depth 1 and 2, followed by its closing quote and more.
  EXPECT_EQ(rest_of_quoted(R"(a\\\"b\",\"c\")", quote_of('"', 1)), R"(\",\"c\")");
  EXPECT_EQ(rest_of_quoted(R"(a\\\\\\\"b\\\",\\\"c)", quote_of('"', 3)), R"(\\\",\\\"c)");
  // The value ends in a backslash.
  EXPECT_EQ(rest_of_quoted(R"(a\\" x)", quote_of('"')), R"(" x)");
  EXPECT_EQ(rest_of_quoted(R"(a\\\\\" x)", quote_of('"', 1)), R"(\" x)");
}

TEST(QuotedEnd, FewerBackslashesCloseTheStringAround) {
  EXPECT_EQ(rest_of_quoted(R"(cut off inside","next":"x")", quote_of('"', 1)), R"(","next":"x")");
}

TEST(QuotedEnd, KnowsDoubledQuotes) {
  Quote csv = quote_of('"');
  csv.doubled = true;
  EXPECT_EQ(rest_of_quoted(R"(value"",""next"")", csv), R"("",""next"")");
  EXPECT_EQ(rest_of_quoted("it''s mine' x", quote_of('\'')), "' x") << "SQL";
}

TEST(QuotedEnd, KnowsEncodedQuotes) {
  for (const char* encoded : {"%22", "&quot;", "\\u0022"}) {
    Quote quote = quote_at(encoded, 0);
    std::string text = std::string("value\" more") + encoded + " rest";
    EXPECT_EQ(rest_of_quoted(text, quote), std::string(encoded) + " rest");
  }
}

TEST(QuoteAt, SeesBackslashesAndMarks) {
  EXPECT_EQ(quote_at("\"x", 0).mark, '"');
  EXPECT_EQ(quote_at(R"(\"x)", 0).backslashes, 1u);
  EXPECT_EQ(quote_at(R"(\\\"x)", 0).backslashes, 3u);
  EXPECT_EQ(quote_at(R"(\\\"x)", 0).size(), 4u);
  EXPECT_EQ(quote_at("&quot;x", 0).size(), 6u);
  EXPECT_TRUE(quote_at("x", 0).none());
  EXPECT_TRUE(quote_at("", 0).none());
  EXPECT_TRUE(quote_at("\\\\", 0).none());
}

std::string_view bare(std::string_view text, const BareContext& context = {}) {
  return text.substr(0, bare_end(text, 0, context));
}

TEST(BareEnd, IsABlankQuoteOrControlByte) {
  EXPECT_EQ(bare("abc def"), "abc");
  EXPECT_EQ(bare("abc\tdef"), "abc");
  EXPECT_EQ(bare("abc\r"), "abc");
  EXPECT_EQ(bare(std::string_view("abc\0def", 7)), "abc");
  EXPECT_EQ(bare("abc\"def"), "abc");
  EXPECT_EQ(bare("abc\x1b[0m"), "abc");
  EXPECT_EQ(bare("abc"), "abc");
  EXPECT_EQ(bare(""), "");
}

TEST(BareEnd, ASeparatorEndsAValueOnlyBeforeAnotherPair) {
  EXPECT_EQ(bare("p@ss;word"), "p@ss;word");
  EXPECT_EQ(bare("p@ss;Server=db"), "p@ss");
  EXPECT_EQ(bare("p@ss; "), "p@ss");
  EXPECT_EQ(bare("a,b"), "a,b");
  EXPECT_EQ(bare("a,user=bob"), "a");
  EXPECT_EQ(bare("a&b"), "a&b");
  EXPECT_EQ(bare("a&user=bob"), "a");
}

TEST(BareEnd, InAQueryAnAmpersandAlwaysEndsIt) {
  BareContext query;
  query.query = true;
  EXPECT_EQ(bare("a&b", query), "a");
}

TEST(BareEnd, InJsonStructureEndsIt) {
  BareContext json;
  json.json = true;
  EXPECT_EQ(bare("1234,\"x\":1", json), "1234");
  EXPECT_EQ(bare("1234}", json), "1234");
  EXPECT_EQ(bare("1234]", json), "1234");
}

TEST(BareEnd, ABracketEndsItOnlyWhenItWasOpenedOutside) {
  EXPECT_EQ(bare("a(b)c) x"), "a(b)c");
  EXPECT_EQ(bare("abc) x"), "abc");
  EXPECT_EQ(bare("a)bc x"), "a)bc");
}

TEST(BareEnd, IsThePunctuationOfSentencesThatHaveNoBlanks) {
  for (const char* mark : {"，", "。", "；", "、", "）", "（", "」", "】"})
    EXPECT_EQ(bare(std::string("secret") + mark + "用户名：bob"), "secret") << mark;
  EXPECT_EQ(bare("ひみつｘ１２ end"), "ひみつｘ１２");
  EXPECT_EQ(bare("：secret"), "");
}

TEST(BareEnd, InPercentEncodedTextAnEncodedSeparatorEndsIt) {
  BareContext percent;
  percent.percent = true;
  EXPECT_EQ(bare("a%2Fb%26c%3Dd", percent), "a%2Fb");
  EXPECT_EQ(bare("a%22", percent), "a");
}

TEST(SkipColour, PassesSequencesInEverySpelling) {
  for (const char* colour : {"\x1b[31m", "\x1b[0m", "\x1b[1;31;42m", "\x1b[0K", "\\u001b[31m",
                             "\\x1b[0m", "\\033[32m", "\\e[0m"}) {
    std::string text = std::string(colour) + colour + "x";
    EXPECT_EQ(skip_colour(text, 0), text.size() - 1) << colour;
  }
  EXPECT_EQ(skip_colour("\x1b[31", 0), 0u);
  EXPECT_EQ(skip_colour("x", 0), 0u);
}

TEST(MaskAt, KnowsItsOwnMasks) {
  for (const char* mask : {"[REDACTED]", "[REDACTED:some-token]",
                           "[REDACTED:some-token:k1:3f9a2c41]", "[REDACTED:some-token\\]"}) {
    EXPECT_EQ(mask_at(mask, 0), std::string_view(mask).size()) << mask;
  }
  for (const char* other :
       {"[REDACTED", "[REDACTEDx]", "[REDACTED:a b]", "REDACTED]", "[REDACTED:", ""}) {
    EXPECT_EQ(mask_at(other, 0), 0u) << other;
  }
}

TEST(MaskAt, AMaskHidesNothingBehindIt) {
  // No word in the data can switch redaction off (L5).
  std::string text = "[REDACTED:a]x";
  EXPECT_TRUE(inside_mask(text, 5));
  EXPECT_FALSE(inside_mask(text, 12));
}

TEST(WordStarts, AfterAnythingThatIsNoLetterOrDigit) {
  EXPECT_TRUE(word_starts("ghp", 0));
  EXPECT_TRUE(word_starts(" ghp", 1));
  EXPECT_TRUE(word_starts("=ghp", 1));
  EXPECT_TRUE(word_starts("\xc3\xa9ghp", 2));
  EXPECT_FALSE(word_starts("xghp", 1));
  EXPECT_FALSE(word_starts("9ghp", 1));
}

TEST(WordStarts, AfterEscapesAndColours) {
  for (const char* before : {"\\n", "\\t", "\\r", "%3D", "%22", "\\x1b", "\\u0022", "\\u003d",
                             "\x1b[31m", "\x1b[1;31m", "\x1b[0K", "\\u001b[0m", "\\033[0m"}) {
    std::string text = std::string(before) + "ghp";
    EXPECT_TRUE(word_starts(text, text.size() - 3)) << before;
  }
  EXPECT_FALSE(word_starts("31mghp", 3));
}

}  // namespace
}  // namespace redactd
