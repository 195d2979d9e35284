// How spans of several rules become one list: union, adjacency, whose label wins.

#include "filters/resolver.h"

#include <gtest/gtest.h>

#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

Rule token(std::string id, std::string pattern, std::string extend = "") {
  Rule rule;
  rule.id = std::move(id);
  rule.kind = RuleKind::token;
  rule.boundary = Boundary::none;
  rule.patterns = {std::move(pattern)};
  if (!extend.empty()) rule.extend = ByteClass::parse(extend);
  return rule;
}

Rule regex(std::string id, std::string pattern) {
  Rule rule;
  rule.id = std::move(id);
  rule.kind = RuleKind::regex;
  rule.patterns = {std::move(pattern)};
  return rule;
}

Rule known(std::string id, std::string value) {
  Rule rule;
  rule.id = std::move(id);
  rule.kind = RuleKind::known;
  rule.values = {std::move(value)};
  return rule;
}

TEST(Merge, OverlappingSpansAreUnitedAndNoTailShows) {
  Rules rules = rules_of({token("a", "abcdef"), token("b", "defghi")});
  EXPECT_EQ(redact("xabcdefghiy", rules), "x[REDACTED:a]y");
}

TEST(Merge, AChainOfOverlapsIsOneMask) {
  Rules rules = rules_of({token("a", "abcd"), token("b", "cdef"), token("c", "efgh")});
  EXPECT_EQ(redact("xabcdefghy", rules), "x[REDACTED:a]y");
}

TEST(Merge, OneInsideAnotherIsSwallowed) {
  Rules rules = rules_of({token("outer", "abcdefgh"), token("inner", "cdef")});
  EXPECT_EQ(redact("xabcdefghy", rules), "x[REDACTED:outer]y");
}

TEST(Merge, TouchingSpansStayTwo) {
  Rules rules = rules_of({token("a", "abcd"), token("b", "efgh")});
  EXPECT_EQ(redact("xabcdefghy", rules), "x[REDACTED:a][REDACTED:b]y");
}

TEST(Merge, TheKindThatKnowsMoreNamesTheMask) {
  EXPECT_EQ(redact("x pin=abcdef y", rules_of({regex("re", "pin=(\\w+)"), token("tok", "abcdef")})),
            "x pin=[REDACTED:tok] y");
  EXPECT_EQ(redact("x abcdef y", rules_of({token("tok", "abcdef"), known("kn", "abcdef")})),
            "x [REDACTED:kn] y");
  EXPECT_EQ(masking_rules("token=" + fill("glpat-{alnum:20}").text),
            std::vector<std::string>{"gitlab-token"})
      << "a provider's rule before a key's";
}

TEST(Merge, TheOrderOfRulesDoesNotChangeWhatIsMasked) {
  std::vector<Rule> rules = {token("a", "abcdef"), token("b", "defghi"), regex("re", "[c-e]+"),
                             known("kn", "ghijkl")};
  std::string text = "xabcdefghijkly cde abcdef ghijkl";
  std::string shape = shape_of(redact(text, rules_of(rules)));
  std::sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) { return a.id > b.id; });
  EXPECT_EQ(shape_of(redact(text, rules_of(rules))), shape);
}

TEST(Resolve, SpansAreSortedDisjointAndInsideTheRecord) {
  Rules rules = rules_of({token("a", "aa"), token("b", "aaa"), token("c", "a", "a")});
  Resolver resolver(*rules);
  std::string text = "aaaaa b aaaa";
  std::vector<RecordMatch> matches;
  for (size_t end = 1; end <= text.size(); ++end) {
    for (uint32_t anchor = 0; anchor < 3; ++anchor) matches.push_back({end, anchor});
  }
  OpenBlock block;
  size_t before = 0;
  for (const Span& span : resolver.resolve({text, true, true}, matches, block)) {
    EXPECT_GE(span.begin, before);
    EXPECT_LT(span.begin, span.end);
    EXPECT_LE(span.end, text.size());
    before = span.end;
  }
}

TEST(Resolve, TellsWhyNearMissesStay) {
  Rules rules = rules_from(R"(
rules:
  - id: acme
    title: Acme token
    kind: token
    pattern: 'acme_[a-z]{4}'
    extend: 'a-z'
    min: 20
    severity: high
    examples: ['«acme_{lower:20}»']
)");
  MatchScratch scratch;
  Redactor redactor(rules, scratch);
  std::vector<Decision> decisions;
  redactor.trace(&decisions);
  std::string text = "acme_abcd x xacme_abcdefghijklmnopqrstuvw\n";
  std::copy(text.begin(), text.end(), redactor.prepare(text.size()).begin());
  redactor.commit(text.size());
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_EQ(decisions[0].verdict, Verdict::too_short);
  EXPECT_EQ(decisions[1].verdict, Verdict::inside_word);
}

TEST(Resolve, EveryVerdictHasAnExplanation) {
  for (int verdict = 0; verdict <= static_cast<int>(Verdict::no_match); ++verdict) {
    EXPECT_NE(explain(static_cast<Verdict>(verdict)), "") << verdict;
  }
}

TEST(Resolve, AMaskCutsNoEscapeSequence) {
  // The token begins on the n of \n, or ends inside \u0041.
  Rules rules = rules_of({token("a", "nabc", "a-z0-9u\\\\")});
  EXPECT_EQ(redact(R"({"m":"x\nabcdef"})", rules), R"({"m":"x[REDACTED:a]"})");
}

}  // namespace
}  // namespace redactd::test
