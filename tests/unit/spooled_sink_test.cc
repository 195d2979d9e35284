// Sinks with a spool: what they keep, when they let go of receipts, what they do when the disk or
// the peer does not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/spool/disk_directory.h"
#include "tests/testing/sink_fixture.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using Kind = SinkEvent::Kind;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct SpooledSinkTest : SinkTest {
  SpooledSinkTest() {
    config.endpoints = {aggregator.address()};
    config.queue_bytes = 64 << 10;
    config.spool.directory = folder.path("spool");
    config.spool.segment_size = 64 << 10;
    config.spool.max_size = 16 << 20;
    config.spool.fsync = SpoolConfig::Fsync::always;
  }
  ~SpooledSinkTest() override {
    if (sink) close(milliseconds(0));
  }

  /// `record N` lines.
  std::string lines(int from, int to) {
    std::string all;
    for (int i = from; i < to; ++i) all += line(i);
    return all;
  }
  std::string line(int i) { return "record " + std::to_string(i) + std::string(100, '.') + "\n"; }
  void push_lines(int from, int to) {
    for (int i = from; i < to; ++i) push({line(i)});
  }
  /// Pushes a batch; true once its receipt is gone.
  std::shared_ptr<std::atomic<bool>> push_with_receipt(const std::string& record) {
    auto gone = std::make_shared<std::atomic<bool>>(false);
    Batch batch = batch_of({record});
    batch.receipt = std::shared_ptr<void>(gone.get(), [gone](void*) { *gone = true; });
    sink->push(std::move(batch));
    return gone;
  }
  void until_received(const std::string& all) {
    UNTIL(aggregator.received().size() >= all.size());
    EXPECT_EQ(aggregator.received(), all);
  }
  size_t segments() {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(config.spool.directory))
      count += entry.path().extension() == ".segment" ? 1 : 0;
    return count;
  }
  std::string refusal() {
    try {
      start();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  TempDir folder;
  Aggregator aggregator{home};
};

TEST_F(SpooledSinkTest, PassesRecordsOnInOrderAndForgetsThem) {
  start();
  push_lines(0, 2000);
  until_received(lines(0, 2000));
  UNTIL(counters.records.get() == 2000);
  UNTIL(counters.spool_records.get() == 0);
  close();
  EXPECT_EQ(segments(), 0u);
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 0u);
}

TEST_F(SpooledSinkTest, ReleasesReceiptsThoughThePeerIsDown) {
  aggregator.stop();
  start();
  auto gone = push_with_receipt("kept\n");
  UNTIL(gone->load());
  EXPECT_EQ(counters.records.get(), 0u);
  EXPECT_EQ(counters.spool_unsynced_bytes.get(), 0u);
}

TEST_F(SpooledSinkTest, ReleasesNoReceiptBeforeTheDiskHasTheRecord) {
  config.spool.fsync = SpoolConfig::Fsync::interval;
  config.spool.fsync_interval = std::chrono::minutes(1);
  start();
  auto gone = push_with_receipt("on its way\n");
  UNTIL(counters.records.get() == 1);  // the peer has it already
  UNTIL(counters.spool_unsynced_bytes.get() > 0);
  EXPECT_FALSE(gone->load());
  close();
  EXPECT_TRUE(gone->load());
}

TEST_F(SpooledSinkTest, ARestartSendsWhatWasLeftInOrder) {
  aggregator.stop();
  start();
  push_lines(0, 3000);  // more than fits into memory
  UNTIL(counters.spool_records.get() == 3000);
  close();
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 0u);
  EXPECT_FALSE(told(Kind::dropped_at_exit));
  EXPECT_EQ(times_told(Kind::spool_keeps), 1u);
  aggregator.start();
  start();
  push_lines(3000, 3100);
  until_received(lines(0, 3100));
  EXPECT_EQ(counters.spool_replayed_records.get(), 3000u);
  EXPECT_TRUE(told(Kind::spool_replays));
  UNTIL(counters.spool_records.get() == 0);
  close();
  EXPECT_EQ(times_told(Kind::spool_keeps), 1u) << "nothing is left";
}

TEST_F(SpooledSinkTest, EndsAtOnceWhenThePeerIsDown) {
  aggregator.stop();
  start();
  push_lines(0, 10);
  const auto begun = std::chrono::steady_clock::now();
  close(std::chrono::seconds(8));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(6));
}

TEST_F(SpooledSinkTest, ALostConnectionLosesNothing) {
  start();
  push_lines(0, 100);
  UNTIL(counters.connected.get() == 1);
  UNTIL(aggregator.received().size() > 0);
  aggregator.reset(0);
  push_lines(100, 3000);
  std::string end = line(2999);
  UNTIL(aggregator.received(1).ends_with(end));
  for (int i = 100; i < 3000; ++i)
    EXPECT_THAT(aggregator.received(1), HasSubstr(line(i))) << "at the new connection";
}

TEST_F(SpooledSinkTest, MakesSourcesWaitWhenItIsFull) {
  aggregator.stop();
  config.spool.max_size = 256 << 10;
  start();
  int pushed = 0;
  UNTIL([&] {
    if (sink->full()) return counters.spool_full.get() == 1;
    push_lines(pushed, pushed + 100);
    pushed += 100;
    return false;
  }());
  EXPECT_LE(counters.spool_bytes.get(), config.spool.max_size);
  UNTIL(told(Kind::spool_full));
  std::atomic<bool> woken = false;
  sink->when_room([&] { woken = true; });
  EXPECT_FALSE(woken.load());
  aggregator.start();
  UNTIL(woken.load());
  until_received(lines(0, pushed));
  UNTIL(counters.spool_full.get() == 0);
}

TEST_F(SpooledSinkTest, ThatItIsFullIsOverWhenItHasEnded) {
  aggregator.stop();
  config.spool.max_size = 256 << 10;
  start();
  UNTIL([&] {
    if (!sink->full()) push_lines(0, 100);
    return counters.spool_full.get() == 1;
  }());
  close(milliseconds(0));
  EXPECT_EQ(counters.spool_full.get(), 0u);
}

TEST_F(SpooledSinkTest, DropsTheOldestIfItIsToldTo) {
  aggregator.stop();
  config.spool.max_size = 256 << 10;
  config.spool.when_full = SpoolConfig::WhenFull::drop_oldest;
  start();
  push_lines(0, 10'000);
  UNTIL(counters.spool_bytes.get() > 0 && counters.dropped_spool_full_records.get() > 5000);
  UNTIL(told(Kind::spool_drops));
  aggregator.start();
  const std::string last = line(9999);
  UNTIL(aggregator.received().ends_with(last));
  UNTIL(counters.spool_records.get() == 0);
  EXPECT_EQ(counters.records.get() + counters.dropped_spool_full_records.get(), 10'000u);
}

TEST_F(SpooledSinkTest, WaitsWhileTheDiskFailsAndGoesOnByItself) {
  start();
  push_lines(0, 10);
  until_received(lines(0, 10));
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_FSIZE, &none);
  auto gone = push_with_receipt(line(10));
  push_lines(11, 20);
  UNTIL(counters.spool_failing.get() == 1);
  UNTIL(counters.spool_errors.get() >= 2);
  EXPECT_TRUE(told(Kind::spool_failed));
  EXPECT_FALSE(gone->load());
  setrlimit(RLIMIT_FSIZE, &before);
  until_received(lines(0, 20));
  UNTIL(gone->load() && counters.spool_failing.get() == 0 && told(Kind::spool_recovered));
  EXPECT_EQ(times_told(Kind::spool_failed), 1u);  // once, however often it is tried
}

TEST_F(SpooledSinkTest, ThatItsDiskFailsIsOverWhenItHasEnded) {
  start();
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_FSIZE, &none);
  push_lines(0, 10);
  UNTIL(counters.spool_failing.get() == 1);
  close(milliseconds(0));  // as when a reload takes the spool away
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(counters.spool_failing.get(), 0u);
}

TEST_F(SpooledSinkTest, StepsOverDamageAndSaysHowMuchIsLost) {
  aggregator.stop();
  start();
  push_lines(0, 3000);
  UNTIL(counters.spool_records.get() == 3000);
  close();
  ASSERT_GE(segments(), 3u);
  for (const auto& entry : std::filesystem::directory_iterator(config.spool.directory)) {
    if (entry.path().extension() != ".segment") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1000);
    file.put('\x01');
  }
  aggregator.start();
  start();
  const std::string last = line(2999);
  UNTIL(aggregator.received().ends_with(last));
  UNTIL(told(Kind::spool_damaged));
  UNTIL(counters.spool_records.get() == 0);
  EXPECT_EQ(counters.records.get() + counters.spool_damaged_records.get(), 3000u);
  EXPECT_GE(counters.spool_damaged_records.get(), 3u);
}

TEST_F(SpooledSinkTest, SaysWhatIsNoFileAndGoesOn) {
  std::filesystem::create_directory(config.spool.directory);
  chmod(config.spool.directory.c_str(), 0700);
  const std::string link = config.spool.directory + "/0000000000000000-0000000000000000.segment";
  std::filesystem::create_symlink("/etc/passwd", link);
  start();
  UNTIL(told(Kind::spool_damaged));
  push_lines(0, 10);
  until_received(lines(0, 10));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(SpooledSinkTest, RecordsGetTheFramingOfTheSinkThatSendsThem) {
  aggregator.stop();
  config.framing = Framing::octet_counting;
  start();
  push({"3 one", "3 two"});
  UNTIL(counters.spool_records.get() == 2);
  close();
  config.framing = Framing::newline;
  aggregator.start();
  start();
  UNTIL(aggregator.received() == "one\ntwo\n");
}

TEST_F(SpooledSinkTest, TakesOverTheDirectoryOfTheSinkBeforeIt) {
  aggregator.stop();
  start();
  push_lines(0, 5);
  UNTIL(counters.spool_records.get() == 5);
  std::shared_ptr<Sink> before = sink;
  aggregator.start();
  start();  // as a reload does: the new one is made before the old one is closed
  push_lines(5, 10);
  std::swap(before, sink);
  close();
  sink = before;
  const auto all = [this] {  // either sink may be the first to connect
    std::string received;
    for (size_t i = 0; i < aggregator.connections(); ++i) received += aggregator.received(i);
    return received;
  };
  UNTIL(all().find(line(9)) != std::string::npos && all().find(line(4)) != std::string::npos);
  for (int i = 0; i < 10; ++i) EXPECT_THAT(all(), HasSubstr(line(i)));
}

TEST_F(SpooledSinkTest, ThoseThatWaitForADirectoryGetItInTheirOrder) {
  // Reloads one after another, while the first sink still hopes for a peer that reads nothing.
  const auto closed = std::make_shared<std::atomic<int>>(0);
  const auto leave = [&](milliseconds within) {
    sink->close(std::chrono::steady_clock::now() + within, [closed] { ++*closed; });
    sink.reset();
  };
  Aggregator stuck(home, 4096, false);
  config.endpoints = {stuck.address()};
  config.send_buffer = 4096;
  start();
  push_lines(0, 3000);
  UNTIL(stuck.connections() == 1 && counters.spool_records.get() > 0);
  leave(milliseconds(500));
  start();
  push_lines(3000, 3100);
  leave(milliseconds(50));  // over before it is its turn
  config.endpoints = {aggregator.address()};
  config.send_buffer = 0;  // a small one goes no faster than its acknowledgements come
  start();
  push_lines(3100, 3200);
  UNTIL(aggregator.received().ends_with(lines(2900, 3200)));
  UNTIL(*closed == 2);
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 0u);
}

// ---- the directory

TEST_F(SpooledSinkTest, FilesAreForItsOwnUserAlone) {
  aggregator.stop();
  start();
  push_lines(0, 5);
  UNTIL(counters.spool_records.get() == 5);
  struct stat status = {};
  ASSERT_EQ(stat(config.spool.directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  for (const auto& entry : std::filesystem::directory_iterator(config.spool.directory)) {
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u) << entry.path();
  }
}

TEST_F(SpooledSinkTest, RefusesADirectoryThatOthersMayWriteTo) {
  std::filesystem::create_directory(config.spool.directory);
  chmod(config.spool.directory.c_str(), 0770);
  EXPECT_THAT(refusal(), AllOf(HasSubstr(config.spool.directory), HasSubstr("chmod 0700")));
}

TEST_F(SpooledSinkTest, RefusesSymbolicLinks) {
  std::filesystem::create_directory(folder.path("elsewhere"));
  std::filesystem::create_directory_symlink(folder.path("elsewhere"), config.spool.directory);
  EXPECT_THAT(refusal(), HasSubstr("is not a directory"));
  std::filesystem::remove(config.spool.directory);
  std::filesystem::create_directory(config.spool.directory);
  chmod(config.spool.directory.c_str(), 0700);
  std::filesystem::create_symlink("/etc/passwd", config.spool.directory + "/position");
  EXPECT_THAT(refusal(), HasSubstr("cannot be taken up"));
}

TEST_F(SpooledSinkTest, SaysWhyADirectoryCannotBeWrittenTo) {
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit little = before;
  little.rlim_cur = 5;       // a write that does a part of its work, and then one that fails
  signal(SIGXFSZ, SIG_IGN);  // as redactd does
  setrlimit(RLIMIT_FSIZE, &little);
  const std::string said = refusal();
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(said, HasSubstr("cannot be written: File too large"));
}

TEST_F(SpooledSinkTest, RefusesADirectoryThatAnotherProcessHas) {
  int ready[2];
  int go[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(go), 0);
  pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "unit_sinks", "--hold", config.spool.directory.c_str(),
          std::to_string(ready[1]).c_str(), std::to_string(go[0]).c_str(), nullptr);
    _exit(1);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("is in use by another redactd"),
                               HasSubstr("process " + std::to_string(child))));
  ASSERT_EQ(write(go[1], "x", 1), 1);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(refusal(), "");
  for (int each : {ready[0], ready[1], go[0], go[1]}) ::close(each);
}

}  // namespace

/// Another process that has a spool, until it is told to end.
int hold_directory(const char* path, int ready, int go) {
  auto directory = open_spool_directory(path);
  char byte = 'x';
  if (write(ready, &byte, 1) != 1) return 1;
  return read(go, &byte, 1) == 1 ? 0 : 1;
}

}  // namespace redactd::test

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--hold")
    return redactd::test::hold_directory(argv[2], std::stoi(argv[3]), std::stoi(argv[4]));
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
