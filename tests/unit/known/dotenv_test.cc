#include "daemon/known/dotenv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace redactd::test {
namespace {

std::vector<std::string> pairs(std::string_view text) {
  std::vector<std::string> all;
  for (const KnownValue& pair : parse_dotenv(text))
    all.push_back(pair.name + "=" + std::string(pair.value.view()));
  return all;
}

using Pairs = std::vector<std::string>;

TEST(Dotenv, ReadsBareValues) {
  EXPECT_EQ(pairs("A=one\nB = two words \n\nC=three=3\r\n"),
            (Pairs{"A=one", "B=two words", "C=three=3"}));
  EXPECT_EQ(pairs("export A=one\n  export  B=two"), (Pairs{"A=one", "B=two"}));
}

TEST(Dotenv, ReadsAColonAndABlankAsAnEqualsSign) {
  EXPECT_EQ(pairs("A: one\nexport B:\t'two'\nC: three=3\nD=four: 4\nE: \"five\nsix\"\n"),
            (Pairs{"A=one", "B=two", "C=three=3", "D=four: 4", "E=five\nsix"}));
  EXPECT_EQ(pairs("A:one\n# B: two\nC D: three\n: four\nE:\n"), Pairs{});
}

TEST(Dotenv, LeavesCommentsOut) {
  EXPECT_EQ(pairs("# A=one\nB=two # three\nC=four#five\nD=\"six # seven\" # eight\n"),
            (Pairs{"B=two", "C=four#five", "D=six # seven"}));
}

TEST(Dotenv, ReadsQuotes) {
  EXPECT_EQ(pairs("A='one $two \\n'\nB=\"three \\\"four\\\" \\$five\\\\\"\nC=`six 'seven'`\n"),
            (Pairs{"A=one $two \\n", "B=three \"four\" $five\\", "C=six 'seven'"}));
}

TEST(Dotenv, ReadsSeveralLinesInQuotes) {
  EXPECT_EQ(pairs("A=\"one\ntwo\"\nB=\"three\\nfour\"\n"),
            (Pairs{"A=one\ntwo", "B=three\nfour", "B=three\\nfour"}));
}

TEST(Dotenv, ReadsWhatAShellReadsAsWell) {
  EXPECT_EQ(pairs("A='it'\\''s'\n"), (Pairs{"A=it", "A=it's"}));
  EXPECT_EQ(pairs("A=two\\ words # three\n"), (Pairs{"A=two\\ words", "A=two words"}));
  EXPECT_EQ(pairs("A=$'tab\\t\\'one\\''\r\n"), (Pairs{"A=$'tab\\t\\'one\\''", "A=tab\t'one'"}));
  EXPECT_EQ(pairs("A=one\"two\"'three'; export A\n"),
            (Pairs{"A=one\"two\"'three'; export A", "A=onetwothree"}));
  EXPECT_EQ(pairs("A=\"one\"two\nB=$three\n"), (Pairs{"A=one", "A=onetwo", "B=$three"}));
}

TEST(Dotenv, ReadsWhatAShellReadsInOneLine) {
  EXPECT_EQ(pairs("export A=\"one\" B='two 2'\tC=three # D=four\r\nE=five\n"),
            (Pairs{"A=one", "B=two 2", "C=three", "E=five"}));
  EXPECT_EQ(pairs("A=one B=two\n"), (Pairs{"A=one B=two", "A=one", "B=two"}));
  EXPECT_EQ(pairs("A='one' B=two three\n"), Pairs{"A=one"}) << "three would be a command";
  EXPECT_EQ(pairs("A='one' B=\n"), Pairs{"A=one"});
}

TEST(Dotenv, WhatAShellWouldNotTakeForAValueIsReadOnce) {
  EXPECT_EQ(pairs("A=one two\nB=`three`\nC=four\"five\nD=it's\n"),
            (Pairs{"A=one two", "B=three", "C=four\"five", "D=it's"}));
  EXPECT_EQ(pairs("A=one\\"), Pairs{"A=one\\"});
  EXPECT_EQ(pairs("A=$'one\\"), Pairs{"A=$'one\\"});
  EXPECT_EQ(pairs("A=one\"two\\"), Pairs{"A=one\"two\\"});
}

TEST(Dotenv, AQuoteThatNothingEndsIsPartOfTheValue) {
  EXPECT_EQ(pairs("A=\"one\nB=two\n"), (Pairs{"A=\"one", "B=two"}));
  EXPECT_EQ(pairs("A=it's\nB=two\n"), (Pairs{"A=it's", "B=two"}));
}

TEST(Dotenv, AQuoteThatTheNextValueOpensHidesNoPair) {
  EXPECT_EQ(pairs("A=\"one\nB=two\nexport C=\"three\"\nD=four\n"),
            (Pairs{"A=one\nB=two\nexport C=", "B=two", "C=three", "D=four"}));
  EXPECT_EQ(pairs("A=\"b25l\ndHdv\ndGg=\"\nB=two\n"), (Pairs{"A=b25l\ndHdv\ndGg=", "B=two"}))
      << "base64";
}

TEST(Dotenv, AShellsWordEndsWithItsLine) {
  EXPECT_EQ(pairs("A=one\\\ntwo\nB=three'\nfour'\n"), (Pairs{"A=one\\", "B=three'"}));
  std::string chain;
  for (int i = 0; i < 10'000; ++i) chain += "A=x'\\''\"\n";
  size_t size = 0;
  for (const KnownValue& pair : parse_dotenv(chain)) size += pair.value.size();
  EXPECT_LE(size, chain.size());
}

TEST(Dotenv, SkipsWhatIsNoPair) {
  EXPECT_EQ(pairs("nothing\n=one\nA b=two\nC=\nD=''\nE=three"), (Pairs{"E=three"}));
  EXPECT_EQ(pairs("\xef\xbb\xbf"
                  "A=one"),
            (Pairs{"A=one"}))
      << "a byte order mark";
  EXPECT_EQ(pairs(""), Pairs{});
}

}  // namespace
}  // namespace redactd::test
