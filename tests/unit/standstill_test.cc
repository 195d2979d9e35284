#include "daemon/sinks/standstill.h"

#include <gtest/gtest.h>

namespace redactd::test {
namespace {

using std::chrono::seconds;

struct StandstillTest : testing::Test {
  /// For how long nothing has gone at second `at`.
  seconds::rep still(int at, uint64_t queued, uint64_t written) {
    const Standstill::Time now{seconds(1000 + at)};
    return (now - standstill.since(queued, written, now)) / seconds(1);
  }
  Standstill standstill;
};

TEST_F(StandstillTest, WhatWaitsAndDoesNotGoStandsStill) {
  EXPECT_EQ(still(0, 100, 5), 0) << "who asks for the first time knows of nothing before";
  EXPECT_EQ(still(1, 100, 5), 1);
  EXPECT_EQ(still(2, 200, 5), 2) << "more has come";
}

TEST_F(StandstillTest, WhatHasGoneIsNoStandstill) {
  still(0, 100, 5);
  EXPECT_EQ(still(3, 100, 6), 0);
  EXPECT_EQ(still(5, 100, 6), 2) << "from the last that went on";
}

TEST_F(StandstillTest, APartOfABatchHasGoneToo) {
  still(0, 100, 5);
  EXPECT_EQ(still(3, 99, 5), 0);
}

TEST_F(StandstillTest, NothingThatWaitsIsNoStandstill) {
  still(0, 0, 5);
  EXPECT_EQ(still(100, 0, 5), 0);
  EXPECT_EQ(still(101, 100, 5), 1) << "at the most: what came behind the question before";
}

}  // namespace
}  // namespace redactd::test
