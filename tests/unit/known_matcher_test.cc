#include "filters/known/known_matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/testing/cpu_seconds.h"

namespace redactd::test {
namespace {

KnownMatcher matcher_of(const std::vector<std::string>& texts) {
  KnownMatcher matcher;
  for (size_t i = 0; i < texts.size(); ++i) matcher.add(texts[i], static_cast<uint32_t>(i));
  matcher.build();
  return matcher;
}

using Place = std::pair<uint64_t, std::string>;  // where it ends, and what

std::vector<Place> places_found(const KnownMatcher& matcher, const std::string& text,
                                std::vector<size_t> cuts) {
  cuts.push_back(text.size());
  std::vector<Place> found;
  size_t from = 0;
  for (size_t cut : cuts) {
    std::string held = text.substr(0, cut) + std::string(kScanPadding, '\0');
    std::vector<Match> matches;
    matcher.scan(std::string_view(held).substr(0, cut), cut - from, 0, 0, matches);
    for (const Match& match : matches)
      found.emplace_back(match.end, std::string(matcher.text(match.expression)));
    from = cut;
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Scans `text` in pieces that end at `cuts`, as a redactor does: with all that was read before in
/// front. With whatever the processor has, and without.
std::vector<Place> places(const KnownMatcher& matcher, const std::string& text,
                          const std::vector<size_t>& cuts = {}) {
  std::vector<Place> found = places_found(matcher, text, cuts);
  KnownMatcher portable = matcher;
  portable.use_portable();
  EXPECT_EQ(places_found(portable, text, cuts), found) << "portable";
  return found;
}

/// The longest of the texts that ends at each place.
std::vector<Place> longest_by_search(const std::vector<std::string>& texts,
                                     const std::string& text) {
  std::vector<Place> found;
  for (size_t end = 1; end <= text.size(); ++end) {
    std::string longest;
    for (const std::string& wanted : texts) {
      if (wanted.size() > longest.size() && wanted.size() <= end &&
          text.compare(end - wanted.size(), wanted.size(), wanted) == 0) {
        longest = wanted;
      }
    }
    if (!longest.empty()) found.emplace_back(end, longest);
  }
  return found;
}

std::string random_text(std::mt19937& random, size_t size, size_t letters) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char>('a' + random() % letters);
  return text;
}

/// Texts that are parts of each other, of all lengths.
std::vector<std::string> entangled_texts(std::mt19937& random, size_t count) {
  std::vector<std::string> texts;
  while (texts.size() < count) {
    if (texts.empty() || random() % 3 == 0) {
      texts.push_back(random_text(random, 6 + random() % 60, 2 + random() % 3));
      continue;
    }
    std::string other = texts[random() % texts.size()];
    switch (random() % 4) {
      case 0:
        other = other.substr(random() % 8);
        break;
      case 1:
        other = other.substr(0, other.size() - random() % 8);
        break;
      case 2:
        other = random_text(random, 1 + random() % 20, 2) + other;
        break;
      default:
        other[random() % other.size()] = 'z';
    }
    if (other.size() >= KnownMatcher::kShortest) texts.push_back(other);
  }
  return texts;
}

TEST(KnownMatcher, FindsWhatASearchFinds) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> texts = entangled_texts(random, 1 + random() % 30);
    std::string text;
    while (text.size() < 400)
      text += random() % 3 == 0 ? random_text(random, random() % 12, 3)
                                : texts[random() % texts.size()];
    KnownMatcher matcher = matcher_of(texts);
    std::vector<Place> found = places(matcher, text);
    ASSERT_EQ(found, longest_by_search(texts, text)) << "seed " << seed;
  }
}

TEST(KnownMatcher, FindsTheSameUnderEveryCut) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> texts = entangled_texts(random, 12);
    std::string text;
    while (text.size() < 200) text += texts[random() % texts.size()] + random_text(random, 2, 3);
    KnownMatcher matcher = matcher_of(texts);
    std::vector<Place> whole = places(matcher, text);
    std::vector<size_t> each_byte;
    for (size_t cut = 1; cut < text.size(); ++cut) {
      each_byte.push_back(cut);
      ASSERT_EQ(places(matcher, text, {cut}), whole) << "seed " << seed << " cut at " << cut;
    }
    ASSERT_EQ(places(matcher, text, each_byte), whole) << "seed " << seed;
  }
}

/// Letters, digits and punctuation, hexadecimal digits, any bytes, letters alone, digits alone.
std::string text_of_kind(std::mt19937& random, size_t size, size_t kind) {
  const std::string letters = "abcdefghijklmnopqrstuvwxyz";
  const std::string alphabets[] = {letters + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%&!#\\;=",
                                   "0123456789abcdef", "", letters, "0123456789"};
  const std::string& alphabet = alphabets[kind];
  std::string text;
  while (text.size() < size)
    text += alphabet.empty() ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
  return text;
}

TEST(KnownMatcher, FindsEveryLengthAtEveryPlaceOfABlockAndOfItsEnd) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> texts;
    for (unsigned kind = 0; kind < 5; ++kind)
      texts.push_back(text_of_kind(random, 6 + random() % 75, kind));
    KnownMatcher matcher = matcher_of(texts);
    const std::string& wanted = texts[seed % 5];
    for (size_t before = 0; before <= 66; ++before) {
      for (size_t behind : {size_t{0}, size_t{1}, size_t{random() % 65}}) {
        std::string text = text_of_kind(random, before, random() % 5) + wanted +
                           text_of_kind(random, behind, random() % 5);
        ASSERT_EQ(places(matcher, text), longest_by_search(texts, text))
            << "seed " << seed << ", " << before << " before, " << behind << " behind";
      }
    }
  }
}

TEST(KnownMatcher, FindsTheSameWhereTheTextIsAnyLength) {
  std::mt19937 random(1);
  std::vector<std::string> texts = {"aB3dE6", "0123456789abcdef", "correct horse battery staple",
                                    text_of_kind(random, 70, 0)};
  KnownMatcher matcher = matcher_of(texts);
  for (size_t size = 0; size <= 64; ++size) {
    std::string text;
    while (text.size() < 90) text += texts[random() % texts.size()];
    text.resize(size);
    ASSERT_EQ(places(matcher, text), longest_by_search(texts, text)) << size << " bytes";
  }
}

/// Of its batches, and the places where texts that begin in one end in the next.
TEST(KnownMatcher, FindsTextsAroundTheEndsOfWhatItLooksAtAtOnce) {
  std::mt19937 random(1);
  std::vector<std::string> texts = {"aB3dE6",
                                    "x7f3a9c0b2",
                                    text_of_kind(random, 34, 0),
                                    text_of_kind(random, 35, 0),
                                    text_of_kind(random, 36, 1),
                                    text_of_kind(random, 200, 3)};
  KnownMatcher matcher = matcher_of(texts);
  for (size_t at = PairMarks::kMost - 210; at <= PairMarks::kMost + 40; ++at) {
    for (const std::string& wanted : texts) {
      std::string text = std::string(at, '.') + wanted;
      ASSERT_EQ(places_found(matcher, text, {}), (std::vector<Place>{{text.size(), wanted}}));
      text += std::string(PairMarks::kMost - 7, '.') + wanted;
      ASSERT_EQ(places_found(matcher, text, {at + 3}).size(), 2u) << at;
    }
  }
}

TEST(KnownMatcher, FindsEachOfThousandsOfTextsOfAnyKind) {
  for (size_t kind = 0; kind < 5; ++kind) {
    std::mt19937 random(static_cast<unsigned>(kind + 1));
    std::vector<std::string> texts;
    std::string text;
    std::vector<Place> wanted;
    while (texts.size() < 3000) {
      texts.push_back(text_of_kind(random, 8 + random() % 40, kind));
      text += ". " + texts.back();
      wanted.emplace_back(text.size(), texts.back());
    }
    std::vector<Place> found = places(matcher_of(texts), text);
    EXPECT_TRUE(std::includes(found.begin(), found.end(), wanted.begin(), wanted.end()))
        << "kind " << kind;
  }
}

TEST(KnownMatcher, SeesNothingBeforeWhatIsHeld) {
  KnownMatcher matcher = matcher_of({"abcdefgh"});
  std::string buffer = "abcdefgh" + std::string(kScanPadding, '\0');
  std::vector<Match> matches;
  matcher.scan(std::string_view(buffer).substr(1, 7), 7, 1, 0, matches);
  EXPECT_TRUE(matches.empty());
  matcher.scan(std::string_view(buffer).substr(0, 8), 1, 100, 7, matches);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(matches[0], (Match{108, 7}));
}

/// Found by fuzz_stream: an offset was added to a null pointer.
TEST(KnownMatcher, HasNothingToSayOfNothing) {
  std::vector<Match> matches;
  matcher_of({"a-known-value"}).scan({}, 0, 0, 0, matches);
  EXPECT_TRUE(matches.empty());
}

TEST(KnownMatcher, TakesAnyByte) {
  std::string text("\0\xff\x80\n\r\0", 6);
  EXPECT_EQ(places(matcher_of({text}), "x" + text + "y"), (std::vector<Place>{{7, text}}));
}

TEST(KnownMatcher, OfOneTextWithSeveralOwnersTheFirstCounts) {
  KnownMatcher matcher;
  for (uint32_t owner : {7u, 3u, 5u}) matcher.add("the same text", owner);
  EXPECT_FALSE(matcher.add("short", 1));
  matcher.build();
  ASSERT_EQ(matcher.size(), 1u);
  EXPECT_EQ(matcher.owner(0), 3u);
}

TEST(KnownMatcher, WithoutTextsFindsNothing) {
  KnownMatcher matcher = matcher_of({});
  uint32_t owner = 0;
  EXPECT_TRUE(places(matcher, "anything at all").empty());
  EXPECT_EQ(matcher.cut_off("anything", 4, owner), 0u);
}

TEST(KnownMatcher, BeginningsAtTheEndAreWhatASearchFinds) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> texts = entangled_texts(random, 1 + random() % 20);
    KnownMatcher matcher = matcher_of(texts);
    const std::string& last = texts[random() % texts.size()];
    std::string text =
        random_text(random, random() % 30, 3) + last.substr(0, random() % last.size());
    size_t longest = 0;
    for (const std::string& wanted : texts) {
      for (size_t length = 4; length < wanted.size() && length <= text.size(); ++length) {
        if (text.ends_with(wanted.substr(0, length))) longest = std::max(longest, length);
      }
    }
    uint32_t owner = 0;
    ASSERT_EQ(matcher.cut_off(text, 4, owner), longest) << "seed " << seed;
    if (longest != 0) {
      ASSERT_TRUE(texts[owner].starts_with(text.substr(text.size() - longest))) << "seed " << seed;
    }
  }
}

double seconds_to_scan(const KnownMatcher& matcher, const std::string& text) {
  std::string held = text + std::string(kScanPadding, '\0');
  std::vector<Match> matches;
  double start = cpu_seconds();
  matcher.scan(std::string_view(held).substr(0, text.size()), text.size(), 0, 0, matches);
  return cpu_seconds() - start;
}

std::string repeated(const std::string& piece, size_t size) {
  std::string text;
  while (text.size() < size) text += piece;
  return text;
}

TEST(KnownMatcher, ATailThatThousandsOfTextsShareCostsNoSearchThroughAll) {
  std::vector<std::string> texts;
  std::string tail = "@database.internal:5432/application";
  for (int i = 0; i < 20'000; ++i) texts.push_back("user:" + std::to_string(i * 7919) + tail);
  KnownMatcher matcher = matcher_of(texts);
  // 8,000 tails: through all texts for each would be 160 million comparisons.
  EXPECT_LT(seconds_to_scan(matcher, repeated("nobody" + tail, 320'000)), 1);
  EXPECT_EQ(places(matcher, "x " + texts[4711]).size(), 1u);
}

TEST(KnownMatcher, BytesFullOfFalseAlarmsTakeLinearTime) {
  std::string text = "0123456789abcdefghijklmnopqrstuvwxyz";
  KnownMatcher matcher = matcher_of({text, text.substr(0, 20), text.substr(0, 9), "x" + text});
  // Every place holds a gram, and no text stands there whole.
  EXPECT_LT(seconds_to_scan(matcher, repeated(text.substr(10), 2'000'000)), 2);
}

TEST(KnownMatcher, TextsOfOnePeriodTakeLinearTime) {
  KnownMatcher matcher = matcher_of({repeated("ab", 2048), repeated("ab", 64)});
  EXPECT_LT(seconds_to_scan(matcher, repeated("ab", 50'000)), 2);
}

TEST(KnownMatcher, TextsWithoutARarePairTakeLinearTime) {
  std::vector<std::string> texts;
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) texts.push_back(random_text(random, 6 + random() % 30, 26));
  std::string text = random_text(random, 2'000'000, 26);
  EXPECT_LT(seconds_to_scan(matcher_of(texts), text), 1);
}

TEST(KnownMatcher, TheEndOfAStreamIsQuickWithThousandsOfTexts) {
  KnownMatcher matcher;
  std::mt19937 random(1);
  for (uint32_t i = 0; i < 20'000; ++i) matcher.add("https://" + random_text(random, 24, 26), i);
  matcher.build();
  double start = cpu_seconds();
  uint32_t owner = 0;
  // Each through all texts would be two million comparisons.
  for (int i = 0; i < 100; ++i) matcher.cut_off(repeated("https:/", 1000), 4, owner);
  EXPECT_LT(cpu_seconds() - start, 0.2);
}

}  // namespace
}  // namespace redactd::test
