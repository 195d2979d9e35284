// What logs are full of and nobody wants masked, in the shapes that loggers and servers print: the
// lines of tests/data/ordinary_logs.txt, with fresh ids in every round.

#include <gtest/gtest.h>

#include <fstream>

#include "filters/example.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

constexpr int kRounds = 40;

TEST(Precision, OrdinaryLogsPassUntouched) {
  std::ifstream lines(std::string(REDACTD_SOURCE_DIR) + "/tests/data/ordinary_logs.txt");
  ASSERT_TRUE(lines);
  std::string section;
  size_t seen = 0;
  for (std::string source; std::getline(lines, source);) {
    if (source.starts_with("#")) {
      section = source;
      continue;
    }
    for (int round = 0; round < kRounds; ++round) {
      FilledExample filled = fill_example(source, section + source + std::to_string(round));
      ASSERT_TRUE(filled.error.empty()) << filled.error << ": " << source;
      ++seen;
      std::string redacted = redact(filled.text);
      EXPECT_EQ(redacted, filled.text) << section << ", from " << source;
      if (redacted != filled.text) break;
    }
  }
  EXPECT_GE(seen, 4000u);
}

}  // namespace
}  // namespace redactd::test
