// Standard output and files: closed pipes, stalled readers, rotation, full disks.

#include "daemon/sinks/fd_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/testing/sink_fixture.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using Kind = SinkEvent::Kind;
using std::chrono::milliseconds;

std::string contents(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

unsigned permissions(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777u : 0;
}

struct FileSinkTest : SinkTest {
  FileSinkTest() {
    config.type = SinkConfig::Type::file;
    config.path = dir.path("out.log");
  }
  TempDir dir;
};

TEST_F(FileSinkTest, AppendsToWhatIsThere) {
  dir.write("out.log", "before\n");
  start();
  push({"one\n", "two\n"});
  push({"three\n"});
  close();
  EXPECT_EQ(contents(config.path), "before\none\ntwo\nthree\n");
  EXPECT_EQ(counters.records.get(), 3u);
  EXPECT_EQ(counters.batches.get(), 2u);
  EXPECT_EQ(counters.bytes.get(), 14u);
}

TEST_F(FileSinkTest, MakesTheFileWithItsPermissions) {
  config.file_mode = 0600;
  start();
  EXPECT_EQ(permissions(config.path), 0600u);
}

TEST_F(FileSinkTest, ItsPermissionsAreThoseWhateverTheUmaskIs) {
  config.file_mode = 0664;
  const mode_t before = umask(0077);
  start();
  umask(before);
  EXPECT_EQ(permissions(config.path), 0664u);
}

TEST_F(FileSinkTest, LeavesThePermissionsOfAFileThatIsThere) {
  config.file_mode = 0664;
  dir.write("out.log", "before\n");
  ASSERT_EQ(chmod(config.path.c_str(), 0600), 0);
  start();
  EXPECT_EQ(permissions(config.path), 0600u);
}

TEST_F(FileSinkTest, RefusesASymbolicLinkAndSaysWhichFile) {
  std::filesystem::create_symlink(dir.write("elsewhere", ""), config.path);
  try {
    start();
    FAIL() << "followed the link";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(
        std::string(error.what()),
        "cannot open " + config.path + ": is a symbolic link; name the file that it leads to");
  }
}

TEST_F(FileSinkTest, RefusesANamedPipeThatNobodyReads) {
  ASSERT_EQ(mkfifo(config.path.c_str(), 0600), 0);
  try {
    start();
    FAIL() << "was opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("nobody reads"), std::string::npos) << error.what();
  }
}

TEST_F(FileSinkTest, WaitsForTheNextReaderOfANamedPipe) {
  ASSERT_EQ(mkfifo(config.path.c_str(), 0600), 0);
  int reader = open(config.path.c_str(), O_RDONLY | O_NONBLOCK);
  start();
  ::close(reader);
  push({"one\n"});
  UNTIL(told(Kind::write_failed));
  EXPECT_EQ(times_gone, 0);
  reader = open(config.path.c_str(), O_RDONLY | O_NONBLOCK);
  std::array<char, 16> read = {};
  UNTIL(::read(reader, read.data(), read.size()) > 0);
  EXPECT_STREQ(read.data(), "one\n");
  ::close(reader);
}

TEST_F(FileSinkTest, ReopensWithoutLosingARecord) {
  start();
  std::string all;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) {
      std::string record = std::to_string(round) + "/" + std::to_string(i) + "\n";
      push({record});
      all += record;
    }
    std::filesystem::rename(config.path, dir.path("old." + std::to_string(round)));
    sink->reopen();
    UNTIL(std::filesystem::exists(config.path));
  }
  close();
  std::string got;
  for (int round = 0; round < 20; ++round) {
    std::string old = contents(dir.path("old." + std::to_string(round)));
    EXPECT_TRUE(old.empty() || old.ends_with('\n'));
    got += old;
  }
  EXPECT_TRUE(got + contents(config.path) == all);
}

TEST_F(FileSinkTest, GoesOnWithTheOldFileIfTheNewOneCannotBeOpened) {
  start();
  push({"one\n"});
  UNTIL(counters.records.get() == 1);
  std::filesystem::rename(config.path, dir.path("old"));
  std::filesystem::create_symlink("/nowhere", config.path);
  sink->reopen();
  UNTIL(told(Kind::reopen_failed));
  push({"two\n"});
  close();
  EXPECT_EQ(contents(dir.path("old")), "one\ntwo\n");
}

/// The most that files may grow to, for this process.
struct FileSizeLimit {
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before);
    set(bytes);
  }
  ~FileSizeLimit() { set(before.rlim_max); }
  void set(rlim_t bytes) const {
    rlimit limit{bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  rlimit before = {};
};

TEST_F(FileSinkTest, TellsOnceThatItDropsRecords) {
  config.when_full = SinkConfig::WhenFull::drop_newest;
  config.queue_bytes = 10;
  start();
  FileSizeLimit full(0);
  for (int i = 0; i < 8; ++i) push({"12345\n"});
  UNTIL(told(Kind::queue_drops));
  push({"12345\n"});
  EXPECT_EQ(times_told(Kind::queue_drops), 1u);
  EXPECT_EQ(counters.dropped_newest_records.get(), 7u);
}

TEST_F(FileSinkTest, WritesTheRestOnceThereIsRoomAgain) {
  start();
  std::string all;
  {
    FileSizeLimit full(10);
    for (const char* record : {"12345\n", "67890\n", "abcde\n"}) {
      push({record});
      all += record;
    }
    UNTIL(told(Kind::write_failed));
    EXPECT_EQ(contents(config.path), all.substr(0, 6)) << "no half of a record stands there";
    EXPECT_EQ(counters.connected.get(), 0u);
    EXPECT_GT(counters.down_since_ms.get(), 0u);
    EXPECT_EQ(counters.queued_bytes.get(), 12u);
  }
  UNTIL(counters.records.get() == 3);
  EXPECT_EQ(contents(config.path), all);
  EXPECT_EQ(counters.connected.get(), 1u);
  UNTIL(told(Kind::write_recovered));
  EXPECT_EQ(times_told(Kind::write_failed), 1u);
}

TEST_F(FileSinkTest, ARecordTornByAFullDiskComesWholeInTheNextFile) {
  start();
  {
    FileSizeLimit full(8);
    push({"12345\n", "67890\n", "abcde\n"});
    UNTIL(told(Kind::write_failed));
    std::filesystem::rename(config.path, dir.path("old"));
    sink->reopen();
    UNTIL(told(Kind::reopened));
  }
  close();
  EXPECT_EQ(contents(dir.path("old")), "12345\n");
  EXPECT_EQ(contents(config.path), "67890\nabcde\n");
  EXPECT_EQ(counters.records.get(), 3u);
  EXPECT_EQ(counters.bytes.get(), 18u);
}

TEST_F(FileSinkTest, ARecordTornByAFullDiskIsWholeWhenTheSameFileIsOpenedAgain) {
  start();
  {
    FileSizeLimit full(8);
    push({"12345\n", "67890\n", "abcde\n"});
    UNTIL(told(Kind::write_failed));
    sink->reopen();
    UNTIL(told(Kind::reopened));
  }
  close();
  EXPECT_EQ(contents(config.path), "12345\n67890\nabcde\n");
}

TEST_F(FileSinkTest, ARecordTornByAFullDiskLeavesNoHalfAtTheEnd) {
  start();
  FileSizeLimit full(8);
  push({"12345\n", "67890\n"});
  UNTIL(told(Kind::write_failed));
  close(milliseconds(0));
  EXPECT_EQ(contents(config.path), "12345\n");
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 1u);
}

TEST_F(FileSinkTest, AHalfRecordThatACrashLeftIsGluedToNoOther) {
  for (const auto& [framing, end] : {std::pair(Framing::newline, '\n'), {Framing::nul, '\0'}}) {
    config.framing = framing;
    dir.write("out.log", std::string("12345") + end + "67");
    start();
    push({std::string("one") + end});
    close();
    EXPECT_EQ(contents(config.path), std::string("12345") + end + "67" + end + "one" + end);
  }
}

/// As when a reload changes a setting of the sink: the one before it is in the middle of a write.
TEST_F(FileSinkTest, ARecordThatAnotherSinkIsWritingIsNotTakenForHalfOfOne) {
  start();
  const std::shared_ptr<Sink> before = sink;
  std::atomic<bool> enough = false;
  std::thread writer([&] {
    const std::vector<std::string> records(1000, std::string(255, 'x') + "\n");
    while (!enough) {
      if (!before->full()) before->push(batch_of(records));
    }
  });
  for (int i = 0; i < 200; ++i) {
    start();
    push({"one\n"});
    close();
  }
  enough = true;
  writer.join();
  sink = before;
  close();
  EXPECT_EQ(contents(config.path).find("\n\n"), std::string::npos);
}

TEST_F(FileSinkTest, IsUpWhenTheOneBeforeItHasEnded) {
  start();
  std::shared_ptr<Sink> before = sink;
  start();
  std::swap(before, sink);
  close();
  EXPECT_EQ(counters.connected.get(), 1u);
  EXPECT_EQ(counters.down_since_ms.get(), 0u);
  sink = before;
  close();
  EXPECT_EQ(counters.connected.get(), 0u);
  EXPECT_GT(counters.down_since_ms.get(), 0u);
}

TEST_F(FileSinkTest, WhatComesAfterItsEndIsCountedAndNotTakenForWritten) {
  start();
  push({"one\n"});
  const std::shared_ptr<Sink> ended = sink;
  close();
  Batch late = batch_of({"two\n", "three\n"});
  late.receipt = std::make_shared<int>(0);
  std::weak_ptr<void> receipt = late.receipt;
  ended->push(std::move(late));
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 2u);
  EXPECT_FALSE(receipt.expired());
  EXPECT_TRUE(ended->keeps_receipts());
  EXPECT_EQ(contents(config.path), "one\n");
}

TEST_F(FileSinkTest, AFullDeviceHoldsUpNeitherTheEndNorTheCount) {
  std::filesystem::remove(config.path);
  config.path = "/dev/full";
  start();
  push({"one\n", "two\n"});
  UNTIL(told(Kind::write_failed));
  close(milliseconds(20));
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 2u);
  EXPECT_EQ(counters.records.get(), 0u);
}

struct StdoutSinkTest : SinkTest {
  StdoutSinkTest() {
    config.type = SinkConfig::Type::stdout_;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
  }
  ~StdoutSinkTest() override {
    if (sink) close(milliseconds(0));
    close_reader();
    ::close(ends[1]);
  }
  void start() { sink = FdSink::start(config, ends[1], home, counters, owner()); }
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  std::string read(size_t size) const {
    std::string all(size, '\0');
    for (size_t have = 0; have < size;) {
      ssize_t got = ::read(ends[0], all.data() + have, size - have);
      if (got <= 0) throw std::runtime_error("the pipe ended");
      have += static_cast<size_t>(got);
    }
    return all;
  }
  std::array<int, 2> ends = {-1, -1};
};

TEST_F(StdoutSinkTest, WritesInOrder) {
  start();
  std::string all;
  for (int i = 0; i < 2000; ++i) {
    push({std::to_string(i) + "\n"});
    all += std::to_string(i) + "\n";
  }
  EXPECT_EQ(read(all.size()), all);
  UNTIL(counters.records.get() == 2000);
}

TEST_F(StdoutSinkTest, ASlowReaderIsWaitedFor) {
  config.queue_bytes = 20'000;
  const std::string page(4096, 'x');  // the pipe is full, and so the thread writes nothing
  ASSERT_EQ(::write(ends[1], page.data(), page.size()), 4096);
  start();
  const std::string record = std::string(999, 'x') + "\n";
  size_t pushed = 0;
  for (; !sink->full(); ++pushed) push({record});
  std::atomic<int> woken = 0;
  sink->when_room([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  read(page.size() + pushed * record.size());
  UNTIL(woken == 1);
  EXPECT_FALSE(sink->full());
}

TEST_F(StdoutSinkTest, ItsOwnerHearsThatTheReaderIsGone) {
  start();
  close_reader();
  push({"one\n", "two\n"});
  UNTIL(times_gone == 1);
  push({"three\n"});
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 3u);
  EXPECT_FALSE(sink->full());
  close();
}

TEST_F(StdoutSinkTest, ASinkWhoseReaderStallsEndsAtTheDeadline) {
  start();
  push({std::string(100'000, 'x') + "\n", "last\n"});
  std::string begun = read(1);
  close(milliseconds(30));
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 2u);
  EXPECT_EQ(counters.connected.get(), 0u);
  close_reader();  // lets the thread go
}

}  // namespace
}  // namespace redactd::test
