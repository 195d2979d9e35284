// The keys of `value` rules: KeyTree, given the hints of the matcher, against the same keys as
// expressions in RE2.

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "filters/byte_class.h"
#include "filters/matcher/key_tree.h"
#include "filters/rule.h"
#include "filters/spans/value/key.h"
#include "tests/testing/key_expressions.h"
#include "tests/testing/pattern_sampler.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

RE2::Options latin1() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  return options;
}

bool ends_at(const RE2& up_to_end, std::string_view text, size_t end) {
  re2::StringPiece piece(text.data(), text.size());
  return up_to_end.Match(piece, 0, end, RE2::ANCHOR_BOTH, nullptr, 0);
}

std::vector<std::unique_ptr<RE2>> compile(const std::vector<std::string>& expressions) {
  std::vector<std::unique_ptr<RE2>> compiled;
  for (const std::string& expression : expressions) {
    compiled.push_back(std::make_unique<RE2>("(?s:.*)(?:" + expression + ")", latin1()));
    EXPECT_TRUE(compiled.back()->ok()) << expression;
  }
  return compiled;
}

bool any_ends_at(const std::vector<std::unique_ptr<RE2>>& all, std::string_view text, size_t end) {
  for (const std::unique_ptr<RE2>& one : all) {
    if (ends_at(*one, text, end)) return true;
  }
  return false;
}

/// A key with its separator as the rule wants it, and letters, separators and digits around.
std::string text_for(const std::string& expression, std::mt19937& random) {
  static constexpr std::string_view kAround = "aekyst_-. 019=:\"&\t,";
  auto around = [&] {
    std::string bytes;
    for (auto i = random() % 7; i > 0; --i) bytes += kAround[random() % kAround.size()];
    return bytes;
  };
  std::string key = sample(expression, random);
  // What looks nearly like a key, too: a byte less, a byte more.
  if (random() % 4 == 0) key.erase(random() % key.size(), 1);
  if (random() % 4 == 0)
    key.insert(key.begin() + static_cast<std::ptrdiff_t>(random() % key.size()),
               kAround[random() % 8]);
  return around() + key + around();
}

/// As the redactor does it: a hint for every byte behind an ending, looked at when it has come and
/// again with more bytes as long as they may bring another match.
std::vector<size_t> found_in_pieces(const KeyTree& tree,
                                    const std::vector<std::unique_ptr<RE2>>& endings,
                                    std::string_view text, size_t piece) {
  std::vector<Match> matches;
  std::vector<KeyTree::Place> open;
  for (size_t old = 0; old < text.size(); old += piece) {
    std::string_view held = text.substr(0, old + piece);
    std::vector<KeyTree::Place> places = std::move(open);
    open.clear();
    for (size_t end = old + 1; end <= held.size(); ++end) {
      if (any_ends_at(endings, text, end)) places.push_back({end - 1, 0});
    }
    for (KeyTree::Place place : places) {
      if (tree.find(held, place, 0, 5, matches)) continue;
      place.seen = held.size();
      open.push_back(place);
    }
  }
  std::vector<size_t> ends;
  for (const Match& match : matches) {
    EXPECT_EQ(match.expression, 5u + 2u);
    ends.push_back(match.end);
  }
  std::sort(ends.begin(), ends.end());
  return ends;
}

TEST(Keys, AreFoundWhereTheirExpressionsMatchHoweverTheBytesArrive) {
  std::mt19937 random(4);
  size_t compared = 0;
  for (const Rule& rule : builtin()->rules()) {
    if (rule.kind != RuleKind::value || rule.keys.empty()) continue;
    std::vector<std::string> expressions = key_expressions(rule);
    std::vector<std::unique_ptr<RE2>> whole = compile(expressions);
    std::vector<std::unique_ptr<RE2>> endings = compile(ending_expressions(rule.keys));
    KeyTree tree;
    tree.add(distinct_keys(rule.keys), key_separator(rule), 2);
    tree.build();
    for (int round = 0; round < 20; ++round) {
      std::string text = text_for(expressions[random() % expressions.size()], random);
      std::vector<size_t> expected;
      for (size_t end = 1; end <= text.size(); ++end) {
        if (any_ends_at(whole, text, end)) expected.push_back(end);
      }
      for (size_t piece : {size_t{1}, size_t{2}, size_t{5}, text.size()}) {
        ASSERT_EQ(found_in_pieces(tree, endings, text, piece), expected)
            << rule.id << ": " << text << " in pieces of " << piece;
      }
      compared += expected.size();
    }
  }
  EXPECT_GT(compared, 300u);
}

TEST(Keys, MayBeginAndEndWithASeparatorOrHaveTwoTogether) {
  std::mt19937 random(9);
  for (const char* key : {"_secretive", "__odd_one", "odd_", "two__words", "a_", "_b"}) {
    Rule rule;
    rule.kind = RuleKind::value;
    rule.keys = {key};
    const std::string expression = key_expressions(rule).front();
    std::vector<std::unique_ptr<RE2>> whole = compile({expression});
    std::vector<std::unique_ptr<RE2>> endings = compile(ending_expressions(rule.keys));
    KeyTree tree;
    tree.add(rule.keys, key_separator(rule), 2);
    tree.build();
    for (int round = 0; round < 50; ++round) {
      std::string text = sample(expression, random);
      std::vector<size_t> expected;
      for (size_t end = 1; end <= text.size(); ++end) {
        if (any_ends_at(whole, text, end)) expected.push_back(end);
      }
      ASSERT_EQ(found_in_pieces(tree, endings, text, text.size()), expected) << key << ": " << text;
    }
  }
}

/// Where the key begins that ends at `end`, letter by letter; npos: it does not stand there.
size_t begin_of(std::string_view text, size_t end, std::string_view key) {
  size_t at = end;
  for (size_t i = key.size(); i > 0; --i) {
    if (key[i - 1] == '_') {
      if (at > 0 && std::string_view("_-. ").find(text[at - 1]) != std::string_view::npos) --at;
    } else if (at == 0 || to_lower(text[--at]) != key[i - 1]) {
      return std::string_view::npos;
    }
  }
  return at;
}

TEST(Keys, OfARuleTheLongestIsFoundAsByTryingEach) {
  std::mt19937 random(12);
  size_t found = 0;
  for (Rule rule : builtin()->rules()) {
    if (rule.kind != RuleKind::value || rule.keys.empty()) continue;
    rule.boundary = Boundary::none;
    const RuleKeys keys(rule);
    std::vector<std::string> expressions = key_expressions(rule);
    for (int round = 0; round < 20; ++round) {
      std::string text = text_for(expressions[random() % expressions.size()], random);
      for (char& c : text) c = random() % 8 == 0 && is_lower(c) ? static_cast<char>(c - 32) : c;
      for (size_t end = 0; end <= text.size(); ++end) {
        size_t longest = std::string_view::npos;
        for (const std::string& key : rule.keys)
          longest = std::min(longest, begin_of(text, end, key));
        ASSERT_EQ(keys.longest(text, end), longest) << rule.id << ": " << text << " at " << end;
        found += longest != std::string_view::npos;
      }
    }
  }
  EXPECT_GT(found, 300u);
}

TEST(Keys, EndInSomethingThatTheMatcherLooksFor) {
  // One word is enough if many keys end in it; else three of them, with all that may stand between.
  EXPECT_EQ(ending_expressions({"token", "api_token", "my_token"}).size(), 1u);
  EXPECT_EQ(ending_expressions({"a_first_second_third"}).size(), 25u);
  std::vector<std::string> many;
  for (char c = 'a'; c < 'm'; ++c) many.push_back(std::string(1, c) + "_word");
  EXPECT_EQ(ending_expressions(many).size(), 1u);
  EXPECT_TRUE(ending_expressions({}).empty());
}

}  // namespace
}  // namespace redactd::test
