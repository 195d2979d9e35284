#include "filters/known/pair_marks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "filters/matcher/matcher.h"

namespace redactd::test {
namespace {

constexpr size_t kGram = 5;

std::string any_bytes(std::mt19937& random, size_t size) {
  std::string text;
  while (text.size() < size) text += static_cast<char>(random());
  return text;
}

std::vector<uint16_t> found(const PairMarks& marks, const std::string& text, size_t size) {
  PairMarks::Places places;
  size_t count = marks.find(text.data(), size, places);
  return {places.begin(), places.begin() + static_cast<std::ptrdiff_t>(count)};
}

PairMarks marks_for(const std::vector<std::string>& texts) {
  PairMarks marks;
  for (const std::string& text : texts) marks.cover(text, kGram);
  marks.build();
  return marks;
}

TEST(PairMarks, EveryTextHasAPairWithAGramBehindIt) {
  for (const char* text : {"aaaaa", "correcthorse", "1111111", "\xff\xfe\x80\x81\x82", "aB3dE",
                           "&#49;&#50;", "......", "     "}) {
    PairMarks marks = marks_for({"deadbeef0123", text, "password"});
    size_t place = marks.rarest(text, kGram);
    ASSERT_LE(place + kGram, std::string(text).size());
    std::string held = text + std::string(kScanPadding, '.');
    std::vector<uint16_t> places = found(marks, held, std::string(text).size() - kGram + 1);
    EXPECT_NE(std::find(places.begin(), places.end(), place), places.end()) << text;
  }
}

TEST(PairMarks, WhatCoversNoTextIsNotLookedFor) {
  PairMarks marks = marks_for({"aB3dE6"});
  std::string text = "= %% &amp; \\. deadbeef0123 " + std::string(kScanPadding, ' ');
  EXPECT_TRUE(found(marks, text, text.size() - kScanPadding).empty());
}

TEST(PairMarks, FindsTheSameOnEveryProcessor) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> texts;
    for (unsigned i = 0; i < seed; ++i) texts.push_back(any_bytes(random, kGram + random() % 40));
    PairMarks marks = marks_for(texts);
    PairMarks portable = marks;
    portable.use_portable();
    std::string text = any_bytes(random, PairMarks::kMost + kScanPadding);
    for (size_t size = 0; size <= PairMarks::kMost; size += size < 200 ? 1 : 61)
      ASSERT_EQ(found(marks, text, size), found(portable, text, size)) << "of " << size;
    ASSERT_EQ(found(marks, text, PairMarks::kMost), found(portable, text, PairMarks::kMost));
  }
}

}  // namespace
}  // namespace redactd::test
