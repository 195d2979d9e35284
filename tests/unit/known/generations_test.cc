#include "daemon/known/generations.h"

#include <gtest/gtest.h>

#include <string>

namespace redactd::test {
namespace {

using Outcome = Generations::Outcome;
using Until = Generations::Until;

class GenerationsTest : public ::testing::Test {
 protected:
  /// Asks for the current values; who hears of them is noted in `heard`.
  void ask(const std::string& who, Until until) {
    generations.when_current(until, [this, who](Outcome outcome) {
      heard += who + (outcome == Outcome::masked ? "+ " : "- ");
    });
  }

  Generations generations;
  std::string heard;
};

TEST_F(GenerationsTest, WhoAsksHearsWhenHisValuesAreMadeOrInForce) {
  ask("made", Until::made);
  ask("in_force", Until::in_force);
  generations.change();
  ask("later", Until::made);
  generations.made(1);
  EXPECT_EQ(heard, "made+ ");
  generations.in_force(1);
  EXPECT_EQ(heard, "made+ in_force+ ");
  generations.in_force(2);
  EXPECT_EQ(heard, "made+ in_force+ later+ ");
}

TEST_F(GenerationsTest, WhatIsInForceIsHeardAtOnce) {
  generations.in_force(generations.current());
  ask("made", Until::made);
  ask("in_force", Until::in_force);
  EXPECT_EQ(heard, "made+ in_force+ ");
}

TEST_F(GenerationsTest, AFailureIsHeardByAllWhoWaitForThoseValues) {
  ask("made", Until::made);
  ask("in_force", Until::in_force);
  generations.change();
  ask("later", Until::in_force);
  generations.failed(1);
  EXPECT_EQ(heard, "made- in_force- ");
  EXPECT_FALSE(generations.is_in_force(1));
}

TEST_F(GenerationsTest, NothingIsToBeTakenWhileWhatWasTakenIsOnItsWay) {
  EXPECT_FALSE(generations.nothing_to_take());
  uint64_t taken = generations.take();
  EXPECT_TRUE(generations.nothing_to_take());
  generations.change();
  EXPECT_TRUE(generations.nothing_to_take());
  generations.failed(taken);
  EXPECT_FALSE(generations.nothing_to_take());
}

TEST_F(GenerationsTest, AtTheEndAllHearThatItFailed) {
  ask("before", Until::made);
  generations.stop();
  ask("after", Until::made);
  EXPECT_EQ(heard, "before- after- ");
}

}  // namespace
}  // namespace redactd::test
