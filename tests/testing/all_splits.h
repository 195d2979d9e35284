#pragma once

// Law L2: the output is a function of the bytes, not of how they were cut into reads.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/redact.h"

namespace redactd::test {

inline std::vector<size_t> random_cuts(std::mt19937& random, size_t size, size_t count) {
  std::vector<size_t> cuts;
  for (size_t i = 0; i < count && size > 0; ++i) cuts.push_back(random() % size);
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

inline std::string list_of(const std::vector<size_t>& cuts) {
  std::string list;
  for (size_t cut : cuts) list += std::to_string(cut) + ' ';
  return list.substr(0, 400);
}

/// Every single cut and reads of one byte. For short texts: the work is the square of the length.
/// Returns the output.
inline std::string expect_same_under_every_cut(std::string_view text,
                                               const Rules& rules = builtin(), Limits limits = {}) {
  std::string whole = redact(text, rules, limits);
  EXPECT_EQ(first_difference(whole, redact_in_reads_of(1, text, rules, limits)), "")
      << "in reads of one byte: " << text;
  for (size_t cut = 1; cut < text.size(); ++cut) {
    std::string difference = first_difference(whole, redact_in_chunks(text, {cut}, rules, limits));
    EXPECT_EQ(difference, "") << "cut at " << cut << " of " << text.size() << ": " << text;
    if (!difference.empty()) break;  // one is enough to see it
  }
  return whole;
}

/// Reads of one, a few and many bytes, and `rounds` random sets of cuts. Returns the output.
inline std::string expect_same_under_random_cuts(std::string_view text,
                                                 const Rules& rules = builtin(), Limits limits = {},
                                                 int rounds = 8, unsigned seed = 1) {
  std::string whole = redact(text, rules, limits);
  for (size_t size : {size_t{7}, size_t{1024}, size_t{65536}}) {
    if (size * 2000 < text.size()) continue;  // so many reads prove no more
    EXPECT_EQ(first_difference(whole, redact_in_reads_of(size, text, rules, limits)), "")
        << "in reads of " << size << " bytes";
  }
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    std::vector<size_t> cuts = random_cuts(random, text.size(), size_t{1} << (round % 9));
    std::string difference = first_difference(whole, redact_in_chunks(text, cuts, rules, limits));
    EXPECT_EQ(difference, "") << "cut at " << list_of(cuts);
    if (!difference.empty()) break;
  }
  return whole;
}

}  // namespace redactd::test
