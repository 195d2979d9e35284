#include "filters/matcher/matcher.h"

#include <gtest/gtest.h>

namespace redactd {
namespace {

std::vector<Match> scan(const MatchDatabase& database, std::string_view text,
                        const std::vector<size_t>& cuts = {}) {
  MatchScratch scratch;
  scratch.fit(database);
  MatchStream stream(database);
  std::vector<Match> matches;
  size_t from = 0;
  auto part = [&](size_t to) {
    std::string padded = std::string(kScanPadding, '\xee') +
                         std::string(text.substr(from, to - from)) +
                         std::string(kScanPadding, '\xee');
    stream.scan(std::string_view(padded).substr(kScanPadding, to - from), scratch, matches);
    from = to;
  };
  for (size_t cut : cuts) part(cut);
  part(text.size());
  return matches;
}

TEST(Matcher, ReportsTheEndOfEveryMatch) {
  MatchDatabase database = MatchDatabase::compile({{"abc"}, {"b"}});
  EXPECT_EQ(scan(database, "xabcb"), (std::vector<Match>{{3, 1}, {4, 0}, {5, 1}}));
}

TEST(Matcher, ReportsTheSameHoweverTheBytesAreCut) {
  MatchDatabase database =
      MatchDatabase::compile({{"ab+c"}, {"(?i)token[=:]"}, {"\\bghx_[A-Za-z0-9]{20}"}});
  std::string text = "zabbbc TOKEN= ghx_0123456789abcdefghij abc token:ghx_0123456789abcdefghij";
  std::vector<Match> whole = scan(database, text);
  EXPECT_EQ(whole.size(), 8u);
  for (size_t cut = 1; cut < text.size(); ++cut)
    EXPECT_EQ(scan(database, text, {cut}), whole) << cut;
}

TEST(Matcher, AByteThatIsNoUtf8HidesNothing) {
  MatchDatabase database = MatchDatabase::compile({{"key [^ ]{4}z"}});
  EXPECT_EQ(scan(database, "key \xff\xfe\x80\xc3z").size(), 1u);
}

TEST(Matcher, ComesBackFromItsSerialisedForm) {
  MatchDatabase database = MatchDatabase::compile({{"abc"}});
  std::string bytes = database.serialise();
  EXPECT_EQ(scan(MatchDatabase::load_embedded(bytes), "xabc").size(), 1u);
}

TEST(Matcher, NamesTheExpressionAtFault) {
  try {
    MatchDatabase::compile({{"fine"}, {"(broken"}});
    FAIL() << "took a broken expression";
  } catch (const MatchError& error) {
    EXPECT_EQ(error.expression(), 1);
  }
  EXPECT_THROW(expression_width("(?=a)b"), MatchError);
}

TEST(Matcher, KnowsWidths) {
  EXPECT_EQ(expression_width("ghx_[a-z]{20}").min, 24u);
  EXPECT_EQ(expression_width("ghx_[a-z]{20}").max, 24u);
  EXPECT_EQ(expression_width("a+").max, std::numeric_limits<size_t>::max());
}

TEST(Matcher, RefusesTheVersionsThatMissMatches) {
  for (const char* good :
       {"5.4.0 2023-01-01", "5.4.1", "5.4.2", "5.4.13", "5.4.20", "5.5.0", "6.0.0"})
    EXPECT_EQ(refuse_matcher(good), "") << good;
  for (const char* bad :
       {"5.4.3", "5.4.8", "5.4.9", "5.4.11 2024", "5.4.12", "5.3.0", "4.7.0", "", "unknown"}) {
    EXPECT_NE(refuse_matcher(bad), "") << bad;
  }
  EXPECT_EQ(refuse_matcher(matcher_info().version), "");
}

}  // namespace
}  // namespace redactd
