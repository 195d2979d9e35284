#include "daemon/relp/relp_frame.h"

#include <gtest/gtest.h>

#include <string>

namespace redactd::test {
namespace {

using Result = ReadRelp::Result;

TEST(RelpFrame, IsReadAsItIsWritten) {
  std::string bytes;
  append_relp(7, "syslog", "a record\nof two lines", bytes);
  EXPECT_EQ(bytes, "7 syslog 21 a record\nof two lines\n");
  append_relp(kLastRelpNumber, "close", "", bytes);
  EXPECT_TRUE(bytes.ends_with("\n999999999 close 0\n"));
  ReadRelp read = read_relp(bytes, 100);
  ASSERT_EQ(read.result, Result::whole);
  EXPECT_EQ(read.frame.number, 7u);
  EXPECT_EQ(read.frame.command, "syslog");
  EXPECT_EQ(read.frame.data, "a record\nof two lines");
  bytes.erase(0, read.size);
  read = read_relp(bytes, 100);
  ASSERT_EQ(read.result, Result::whole);
  EXPECT_EQ(read.frame.number, kLastRelpNumber);
  EXPECT_EQ(read.frame.data, "");
  EXPECT_EQ(read.size, bytes.size());
}

TEST(RelpFrame, ASpaceMayStandBehindALengthOfZero) {
  ReadRelp read = read_relp("0 serverclose 0 \nnext", 100);
  ASSERT_EQ(read.result, Result::whole);
  EXPECT_EQ(read.size, 17u);
}

TEST(RelpFrame, EveryPartOfOneIsShort) {
  const std::string bytes = "12 rsp 6 200 OK\n";
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(read_relp(bytes.substr(0, size), 100).result, Result::short_) << size;
  EXPECT_EQ(read_relp(bytes, 100).result, Result::whole);
}

TEST(RelpFrame, WhatIsNotInTheGrammarIsDamagedAsSoonAsItCanBeSeen) {
  for (const char* bytes :
       {" rsp 0\n", "x", "1x", "1  rsp", "1 rsp x", "1 rsp 2 ab!", "1 rsp 2 abc", "1 9", "1 rsp  ",
        "1 rsp 0x", "-1 rsp 0\n", "1\n", "1 rsp 101 ", "1234567890", "1 rsp 1234567890",
        "<13>Oct 11", "1 abcdefghijklmnopqrstuvwxyzabcdefg"}) {
    EXPECT_EQ(read_relp(bytes, 100).result, Result::damaged) << bytes;
  }
}

}  // namespace
}  // namespace redactd::test
