#include "daemon/relp/relp_receiver.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/cpu_seconds.h"

namespace redactd::test {
namespace {

const std::string kOpen = "1 open 14 relp_version=0\n";

struct RelpReceiverTest : ::testing::Test {
  RelpReceiverTest() {
    receiver.take(kOpen);
    opened = receiver.answers();
  }
  RelpReceiver receiver{1000};
  std::string opened;
};

TEST_F(RelpReceiverTest, OpensASession) {
  EXPECT_EQ(opened, "1 rsp 59 200 OK\nrelp_version=0\nrelp_software=redactd\ncommands=syslog\n");
}

TEST_F(RelpReceiverTest, GivesRecordsAndAnswersNoneBeforeItIsSafe) {
  RelpReceiver::Taken taken = receiver.take("2 syslog 3 one\n3 syslog 8 two\nline\n");
  EXPECT_EQ(taken.records, "3 one8 two\nline");
  EXPECT_EQ(taken.error, FrameError::none);
  ASSERT_EQ(taken.commands.size(), 2u);
  EXPECT_EQ(receiver.answers(), "");
  EXPECT_EQ(receiver.unanswered(), 2u);
  receiver.safe(taken.commands);
  EXPECT_EQ(receiver.answers(), "2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
  EXPECT_EQ(receiver.unanswered(), 0u);
}

TEST_F(RelpReceiverTest, AnswersInTheOrderOfTheCommands) {
  auto first = receiver.take("2 syslog 3 one\n").commands;
  auto second = receiver.take("3 syslog 3 two\n4 what 0\n").commands;
  receiver.safe(second);
  EXPECT_EQ(receiver.answers(), "");
  receiver.safe(first);
  EXPECT_EQ(receiver.answers(), "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 19 500 unknown command\n");
}

TEST_F(RelpReceiverTest, ClosesBehindTheLastAnswer) {
  auto record = receiver.take("2 syslog 3 one\n3 close 0\n").commands;
  EXPECT_EQ(receiver.answers(), "");
  receiver.safe(record);
  EXPECT_EQ(receiver.answers(), "2 rsp 6 200 OK\n3 rsp 0\n0 serverclose 0\n");
}

TEST_F(RelpReceiverTest, AnEmptyRecordIsDoneAtOnce) {
  EXPECT_TRUE(receiver.take("2 syslog 0\n").commands.empty());
  EXPECT_EQ(receiver.answers(), "2 rsp 6 200 OK\n");
}

TEST_F(RelpReceiverTest, TheCutsBetweenReadsMakeNoDifference) {
  const std::string bytes = "2 syslog 3 one\n3 syslog 4 tw\no\n4 syslog 5 three\n";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    RelpReceiver each(1000);
    each.take(kOpen);
    std::string records(each.take(bytes.substr(0, cut)).records);
    records += each.take(bytes.substr(cut)).records;
    EXPECT_EQ(records, "3 one4 tw\no5 three") << cut;
  }
}

TEST_F(RelpReceiverTest, TakesNothingOutsideASessionAndNothingThatIsNoRelp) {
  EXPECT_EQ(RelpReceiver(1000).take("1 syslog 3 one\n").error, FrameError::bad_relp);
  EXPECT_EQ(receiver.take("<13>Oct 11 22:14:15 plain syslog\n").error, FrameError::bad_relp);
  RelpReceiver small(3);
  EXPECT_EQ(small.take("1 open 0\n").error, FrameError::none);
  EXPECT_EQ(small.take("2 syslog 4 ").error, FrameError::bad_relp);
}

TEST_F(RelpReceiverTest, ALongRecordIsNotCopiedForEachOfItsReads) {
  constexpr size_t kSize = 8 << 20;
  RelpReceiver large(kSize);
  large.take(kOpen);
  large.take("2 syslog " + std::to_string(kSize) + " ");
  const std::string piece(512, 'x');
  const double start = cpu_seconds();
  for (size_t sent = 0; sent < kSize; sent += piece.size()) large.take(piece);
  EXPECT_EQ(large.held_bytes(), kSize + std::string("2 syslog 8388608 ").size());
  EXPECT_EQ(large.take("\n").commands.size(), 1u);
  EXPECT_EQ(large.held_bytes(), 0u);
  EXPECT_LT(cpu_seconds() - start, 3);
}

TEST_F(RelpReceiverTest, WhatCameBeforeDamageIsTaken) {
  RelpReceiver::Taken taken = receiver.take("2 syslog 3 one\nrubbish");
  EXPECT_EQ(taken.error, FrameError::bad_relp);
  EXPECT_EQ(taken.records, "3 one");
}

TEST_F(RelpReceiverTest, TakesNothingBehindTheEndOfASession) {
  RelpReceiver::Taken taken = receiver.take("2 close 0\n3 syslog 3 one\n");
  EXPECT_EQ(taken.error, FrameError::bad_relp);
  EXPECT_TRUE(taken.commands.empty());
  EXPECT_EQ(receiver.answers(), "2 rsp 0\n0 serverclose 0\n");
}

TEST_F(RelpReceiverTest, NumbersGoUpByOne) {
  for (const char* wrong : {"0 syslog 3 two\n", "2 syslog 3 two\n", "4 syslog 3 two\n",
                            "1 syslog 3 two\n", "999999999 syslog 3 two\n", "0 open 0\n"}) {
    RelpReceiver each(1000);
    each.take(kOpen);
    RelpReceiver::Taken taken = each.take("2 syslog 3 one\n" + std::string(wrong));
    EXPECT_EQ(taken.error, FrameError::bad_relp_number) << wrong;
    EXPECT_EQ(taken.records, "3 one") << wrong;  // what came before is sound
    each.safe(taken.commands);
    EXPECT_EQ(each.unanswered(), 2u);  // and is answered, it alone
  }
  EXPECT_EQ(RelpReceiver(1000).take("0 open 0\n").error, FrameError::bad_relp_number);
}

TEST_F(RelpReceiverTest, BehindTheLastNumberComesOneAgain) {
  RelpReceiver each(1000);
  auto taken =
      each.take("999999998 open 0\n999999999 syslog 3 one\n1 syslog 3 two\n2 syslog 5 three\n");
  EXPECT_EQ(taken.error, FrameError::none);
  EXPECT_EQ(taken.records, "3 one3 two5 three");
  each.answers();
  each.safe(taken.commands);
  EXPECT_EQ(each.answers(), "999999999 rsp 6 200 OK\n1 rsp 6 200 OK\n2 rsp 6 200 OK\n");
  RelpReceiver other(1000);
  EXPECT_EQ(other.take("999999999 open 0\n0 syslog 3 one\n").error, FrameError::bad_relp_number);
}

}  // namespace
}  // namespace redactd::test
