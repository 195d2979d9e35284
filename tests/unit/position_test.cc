// The position of a followed file: which one counts, and how it is kept.

#include "daemon/sources/position.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "daemon/sources/checkpoints.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;

Position at(uint64_t offset) {
  Position position;
  position.path = "/var/log/app.log";
  position.device = 7;
  position.inode = uint64_t{1} << 60;
  position.fingerprint = fingerprint_of(std::string_view("first bytes"));
  position.offset = offset;
  position.replay_from = offset / 2;
  position.newest = 1795632733000000001;
  position.written = 1795632733000000002;
  return position;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(PositionFile, GivesBackWhatWasSaved) {
  TempDir folder;
  PositionFile file(folder.path("position"));
  EXPECT_EQ(file.load(), std::nullopt);
  file.save(at(100));
  file.save(at(200));
  EXPECT_EQ(file.load(), at(200));
}

TEST(PositionFile, OneThatDoesNotSayWhenTheFileWasWrittenIsReadToo) {
  TempDir folder;
  PositionFile file(folder.path("position"));
  file.save(at(100));
  std::string text = content(folder.path("position"));
  text.replace(text.find("written"), 7, "another");
  folder.write("position", text);
  Position expected = at(100);
  expected.written = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(file.load(), expected);
}

TEST(PositionFile, IsForItsOwnerOnlyAndLeavesNothingElseBehind) {
  TempDir folder;
  PositionFile file(folder.path("position"));
  file.check_writable();
  EXPECT_TRUE(fs::is_empty(folder.path()));
  folder.write("position.new", "of a process that was killed");
  file.save(at(100));
  struct stat is = {};
  ASSERT_EQ(stat(folder.path("position").c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 07777u, 0600u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(PositionFile, HoldsAHashOfTheFirstBytesAndNotTheBytes) {
  TempDir folder;
  PositionFile file(folder.path("position"));
  file.save(at(100));
  EXPECT_EQ(content(folder.path("position")).find("first bytes"), std::string::npos);
}

TEST(PositionFile, RefusesWhatRedactdHasNotWrittenAndDoesNotQuoteIt) {
  TempDir folder;
  for (const char* text : {"a log line", "{}", "[1]", R"({"version":2})",
                           R"({"level":"info"}
{"level":"info"}
)"}) {
    PositionFile file(folder.write("position", text));
    EXPECT_EQ(file.set_aside_if_damaged(), "") << text;
    EXPECT_EQ(content(folder.path("position")), text) << "it may be a log";
    std::string error = error_of([&] { file.load(); });
    EXPECT_NE(error.find("none that redactd has written"), std::string::npos) << text;
    EXPECT_EQ(error.find("log line"), std::string::npos) << error;
  }
}

TEST(PositionFile, OfItsOwnWhatIsDamagedIsSetAsideWhole) {
  TempDir folder;
  PositionFile file(folder.path("position"));
  EXPECT_EQ(file.set_aside_if_damaged(), "") << "there is none";
  file.save(at(100));
  EXPECT_EQ(file.set_aside_if_damaged(), "");
  const std::string good = content(folder.path("position"));
  std::string later = good;
  later.replace(later.find("\"version\": 1"), 12, "\"version\": 9");
  for (const std::string& damaged : {std::string(), std::string(4096, '\0'), later,
                                     good.substr(0, good.size() / 2), good.substr(0, 2)}) {
    folder.write("position", damaged);
    EXPECT_EQ(file.set_aside_if_damaged(), folder.path("position.damaged")) << damaged;
    EXPECT_EQ(content(folder.path("position.damaged")), damaged);
    EXPECT_EQ(file.load(), std::nullopt);
  }
  file.save(at(200));
  EXPECT_EQ(file.load(), at(200));
}

TEST(PositionTable, ADamagedOneIsSetAsideToo) {
  TempDir folder;
  PositionTable table(folder.path("positions"));
  table.save({{"/a", at(1)}, {"/b", at(2)}});
  EXPECT_EQ(table.set_aside_if_damaged(), "");
  std::string half = content(folder.path("positions"));
  folder.write("positions", half.substr(0, half.size() - 10));
  EXPECT_EQ(table.set_aside_if_damaged(), folder.path("positions.damaged"));
  EXPECT_TRUE(table.load().empty());
}

TEST(PositionFile, SaysWhyItCannotBeWritten) {
  PositionFile file("/nowhere/at/all/position");
  std::string expected =
      "position file /nowhere/at/all/position: cannot be written: No such file or directory";
  EXPECT_EQ(error_of([&] { file.check_writable(); }), expected);
  EXPECT_EQ(error_of([&] { file.save(at(1)); }), expected);
}

TEST(Checkpoints, APositionCountsOnceAllBeforeItAreWritten) {
  auto checkpoints = std::make_shared<Checkpoints>();
  auto first = checkpoints->open();
  auto second = checkpoints->open();
  auto third = checkpoints->open();
  first->position = at(1);
  second->position = at(2);
  third->position = at(3);
  second.reset();
  EXPECT_EQ(checkpoints->take_written(), std::nullopt);
  first.reset();
  EXPECT_EQ(checkpoints->take_written(), at(2));
  EXPECT_EQ(checkpoints->take_written(), std::nullopt);
  third.reset();
  EXPECT_EQ(checkpoints->take_written(), at(3));
}

TEST(Checkpoints, NothingCountsBehindOneThatHasNoPosition) {
  auto checkpoints = std::make_shared<Checkpoints>();
  checkpoints->open().reset();
  auto second = checkpoints->open();
  second->position = at(2);
  second.reset();
  EXPECT_EQ(checkpoints->take_written(), std::nullopt);
}

TEST(Checkpoints, WhatIsDroppedAfterTheEndDoesNotCount) {
  auto checkpoints = std::make_shared<Checkpoints>();
  auto first = checkpoints->open();
  first->position = at(1);
  checkpoints->close();
  first.reset();
  EXPECT_EQ(checkpoints->take_written(), std::nullopt);
}

}  // namespace
}  // namespace redactd::test
