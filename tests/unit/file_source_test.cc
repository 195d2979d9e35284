// A file's records on their way to the sinks: held, masked, waited with, and where a restart goes
// on.

#include "daemon/sources/file_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/testing/source_rig.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

const std::string kSecret = "password=correct-horse-battery-staple";
const std::string kMasked = "password=[REDACTED:password]";

std::string line(int number) { return "line " + std::to_string(number) + "\n"; }

std::vector<std::string> lines(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i < to; ++i) all.push_back(line(i));
  return all;
}

class FileSourceTest : public ::testing::Test {
 protected:
  FileSourceTest() {
    config_.name = "app";
    config_.type = SourceConfig::Type::file;
    config_.path = folder_.path("app.log");
    config_.position_file = folder_.path("position");
    config_.poll_interval = milliseconds(20);
  }

  void start(size_t queue_bytes = 4 << 20) {
    rig_ = std::make_unique<SourceRig>(config_, queue_bytes);
    rig_->start<FileSource>();
  }
  /// The sink takes what its queue has room for, and no more until let_go().
  void start_with_held_sink(size_t queue_bytes) {
    rig_ = std::make_unique<SourceRig>(config_, queue_bytes);
    rig_->sink->hold();
    rig_->start<FileSource>();
  }
  /// What the sink got until now.
  std::vector<std::string> stop() {
    rig_->stop();
    return rig_->sink->records();
  }
  void append(const std::string& text) const {
    std::ofstream(config_.path, std::ios::app | std::ios::binary) << text;
  }
  void rotate() const {
    std::this_thread::sleep_for(milliseconds(10));  // the tick of the file system's clock
    for (int i = 50; i > 0; --i) {
      std::string name = config_.path + "." + std::to_string(i);
      if (fs::exists(name)) fs::rename(name, config_.path + "." + std::to_string(i + 1));
    }
    fs::rename(config_.path, config_.path + ".1");
  }
  uint64_t saved_offset() const {
    std::optional<Position> saved = PositionFile(config_.position_file).load();
    return saved ? saved->offset : 0;
  }

  TempDir folder_;
  SourceConfig config_;
  std::unique_ptr<SourceRig> rig_;
};

TEST_F(FileSourceTest, WhatIsAppendedComesOutRedacted) {
  append("a\n" + kSecret + "\n\n");
  start();
  rig_->wait_for_records(3);
  append("b\n");
  rig_->wait_for_records(4);
  EXPECT_EQ(stop(), (std::vector<std::string>{"a\n", kMasked + "\n", "\n", "b\n"}));
}

TEST_F(FileSourceTest, ChangesAreSeenLongBeforeThePollInterval) {
  config_.poll_interval = std::chrono::hours(1);
  start();
  append("a\n");
  rig_->wait_for_records(1);
  append("b\n");
  rig_->wait_for_records(2);
  rotate();
  append("c\n");
  rig_->wait_for_records(3);
  append("d\n");
  rig_->wait_for_records(4);
  ASSERT_EQ(truncate(config_.path.c_str(), 0), 0);
  append("e\n");
  rig_->wait_for_records(5);
  EXPECT_EQ(stop(), (std::vector<std::string>{"a\n", "b\n", "c\n", "d\n", "e\n"}));
}

TEST_F(FileSourceTest, ASecretThatIsWrittenByteByByteIsMasked) {
  start();
  for (char c : kSecret + "\n") {
    append(std::string(1, c));
    std::this_thread::yield();
  }
  rig_->wait_for_records(1);
  EXPECT_EQ(stop(), std::vector<std::string>{kMasked + "\n"});
}

TEST_F(FileSourceTest, ALineWithoutLineFeedComesOutAtTheEndIfNoPositionIsKept) {
  config_.position_file.clear();
  append("a\n" + kSecret);
  start();
  rig_->wait_for_records(1);
  rig_->wait_until([&] { return rig_->counters().bytes.get() == 2 + kSecret.size(); });
  EXPECT_EQ(stop(), (std::vector<std::string>{"a\n", kMasked + "\n"}));
}

TEST_F(FileSourceTest, ALineThatIsHalfWrittenAtAStopComesOutWholeAfterTheStart) {
  size_t half = kSecret.size() - 4;
  append("a\n" + kSecret.substr(0, half));
  start();
  rig_->wait_until([&] { return rig_->counters().bytes.get() == 2 + half; });
  EXPECT_EQ(stop(), std::vector<std::string>{"a\n"});
  EXPECT_EQ(saved_offset(), 2u);
  append(kSecret.substr(half) + "\n");
  start();
  rig_->wait_for_records(1);
  EXPECT_EQ(stop(), std::vector<std::string>{kMasked + "\n"});
}

TEST_F(FileSourceTest, ALineThatIsHalfWrittenInARemovedFileComesOutAtAStop) {
  append("a\n" + kSecret);
  start();
  rig_->wait_until([&] { return rig_->counters().bytes.get() == 2 + kSecret.size(); });
  std::filesystem::remove(config_.path);
  EXPECT_EQ(stop(), (std::vector<std::string>{"a\n", kMasked + "\n"}));
}

TEST_F(FileSourceTest, TheLastLineOfARotatedFileComesOutWithoutLineFeed) {
  append("a\n" + kSecret);
  start();
  rig_->wait_for_records(1);
  rotate();
  append("b\n");
  rig_->wait_for_records(3);
  EXPECT_EQ(stop(), (std::vector<std::string>{"a\n", kMasked + "\n", "b\n"}));
}

std::string key_line(int number) {
  std::mt19937 random(static_cast<unsigned>(number));
  std::string line;
  for (int i = 0; i < 64; ++i)
    line += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[random() % 64];
  return line + "\n";
}

TEST_F(FileSourceTest, APrivateKeyIsMaskedOverRestarts) {
  std::string label =
      "RSA PRIVATE"
      " KEY-----\n";
  append("a\n-----BEGIN " + label + key_line(1) + key_line(2));
  start();
  rig_->wait_for_records(4);
  std::vector<std::string> records = stop();
  append(key_line(3) + key_line(4) + "-----END " + label + "b\n");
  start();
  rig_->wait_for_records(4);
  std::vector<std::string> rest = stop();
  records.insert(records.end(), rest.begin(), rest.end());
  ASSERT_EQ(records.size(), 8u);
  EXPECT_EQ(records.front(), "a\n");
  EXPECT_EQ(records.back(), "b\n");
  for (int i = 1; i <= 4; ++i) {
    for (const std::string& record : records) EXPECT_NE(record, key_line(i)) << i;
  }
}

TEST_F(FileSourceTest, APrivateKeyIsMaskedOverARotationInTheMidstOfALine) {
  std::string label =
      "RSA PRIVATE"
      " KEY-----\n";
  append("-----BEGIN " + label + key_line(1).substr(0, 30));
  start();
  rig_->wait_for_records(1);
  rotate();
  append(key_line(2) + "-----END " + label);
  rig_->wait_for_records(4);
  for (const std::string& record : stop()) {
    EXPECT_EQ(record.find(key_line(1).substr(0, 30)), std::string::npos) << record;
    EXPECT_NE(record, key_line(2));
  }
}

TEST_F(FileSourceTest, ASinkThatIsFullIsWaitedFor) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += line(i);
  append(text);
  start_with_held_sink(64 * 1024);
  rig_->wait_until([&] { return rig_->sink->waiting() > 0; });
  append("more\n");  // a change does not wake the reader
  EXPECT_LE(rig_->sink->most_queued(), 64 * 1024 + Worker::kReadBytes);
  EXPECT_LE(rig_->sink->waiting(), 1u);
  rig_->sink->let_go();
  rig_->wait_for_records(100'001);
  std::vector<std::string> expected = lines(0, 100'000);
  expected.emplace_back("more\n");
  EXPECT_TRUE(stop() == expected);
  EXPECT_GE(rig_->counters().stalled.get(), 1u);
}

TEST_F(FileSourceTest, OnlyWhatTheSinkHasWrittenCounts) {
  append(line(0));
  start();
  rig_->wait_for_records(1);
  rig_->wait_until([&] { return saved_offset() == line(0).size(); });
  rig_->sink->hold();
  append(line(1));
  rig_->wait_for_records(2);
  append(line(2));
  rig_->wait_for_records(3);
  rig_->sink->let_go_of(1);  // the later one: nothing counts before the first is written
  rig_->abandon();
  EXPECT_EQ(saved_offset(), line(0).size());
  start();
  rig_->wait_for_records(2);
  EXPECT_EQ(stop(), lines(1, 3));
}

TEST_F(FileSourceTest, AfterACleanStopNothingIsDoubledAndNothingLost) {
  std::vector<std::string> all;
  for (int i = 0; i < 5; ++i) {
    append(line(2 * i));
    start();
    rig_->wait_for_records(1);
    append(line(2 * i + 1));
    rig_->wait_for_records(2);
    for (const std::string& record : stop()) all.push_back(record);
  }
  EXPECT_EQ(all, lines(0, 10));
}

TEST_F(FileSourceTest, TheRulesChangeWithoutALossWhileALineIsOpen) {
  append("a\n" + kSecret);
  start();
  rig_->wait_for_records(1);
  rig_->adopt(builtin_masking({MaskStyle::fixed, "[X]", 4}));
  append("\n");
  rig_->wait_for_records(2);
  EXPECT_EQ(stop(), (std::vector<std::string>{"a\n", "password=[X]\n"}));
}

TEST_F(FileSourceTest, APositionFileThatCannotBeWrittenIsSaidAtTheStart) {
  config_.position_file = "/nowhere/at/all/position";
  try {
    start();
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all/position: cannot be written"),
              std::string::npos)
        << error.what();
  }
}

/// Writes numbered lines in pieces and rotates in every way, while the source is stopped and
/// started.
TEST_F(FileSourceTest, RotationsOfEveryKindAndRestartsLoseAndDoubleNothing) {
  std::mt19937 random(20261125);
  std::vector<std::string> got;
  int written = 0;
  auto write_some = [&] {
    for (int i = 0; i < 20; ++i) {
      std::string text = line(written++);
      size_t cut = random() % text.size();
      append(text.substr(0, cut));
      append(text.substr(cut));
    }
  };
  auto all_read = [&] { rig_->wait_for_records(static_cast<size_t>(written) - got.size()); };
  auto restart = [&] {
    for (const std::string& record : stop()) got.push_back(record);
    start();
  };
  start();
  write_some();
  rig_->wait_for_records(1);  // a file that is gone before it was seen once is nobody's log
  for (int round = 0; round < 12; ++round) {
    write_some();
    switch (round % 6) {
      case 0:  // renamed twice, quickly
        rotate();
        write_some();
        rotate();
        break;
      case 1:  // renamed, and stopped before it has been read
        rotate();
        restart();
        break;
      case 2:  // copied and truncated, with bytes unread
        std::this_thread::sleep_for(milliseconds(10));
        fs::copy_file(config_.path, config_.path + ".2026-" + std::to_string(round));
        ASSERT_EQ(truncate(config_.path.c_str(), 0), 0);
        break;
      case 3:  // deleted when it has been read
        all_read();
        fs::remove(config_.path);
        break;
      case 4:
        restart();
        break;
      default:  // truncated when it has been read
        all_read();
        ASSERT_EQ(truncate(config_.path.c_str(), 0), 0);
    }
    write_some();
  }
  all_read();
  for (const std::string& record : stop()) got.push_back(record);
  EXPECT_EQ(got, lines(0, written)) << rig_->said();
}

}  // namespace
}  // namespace redactd::test
