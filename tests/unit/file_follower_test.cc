// Which bytes of which file come next, whatever becomes of the files. Time is given.

#include "daemon/sources/file_follower.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "tests/testing/failing_reads.h"
#include "tests/testing/no_descriptors.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// A log and its writer, as they are in the field: the writer goes on in the file that it opened.
class Writer {
 public:
  explicit Writer(std::string path) : path_(std::move(path)) { reopen(); }
  ~Writer() { close(descriptor_); }
  Writer(const Writer&) = delete;

  void write(const std::string& text) const {
    ASSERT_EQ(::write(descriptor_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void reopen() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  }

 private:
  const std::string path_;
  int descriptor_ = -1;
};

/// The file system's clock ticks every few milliseconds, and files are told apart by it.
void let_the_clock_tick() { std::this_thread::sleep_for(milliseconds(10)); }

class FileFollowerTest : public ::testing::Test {
 protected:
  void follow(SourceConfig::StartAt start_at = SourceConfig::StartAt::beginning,
              std::optional<Position> saved = std::nullopt) {
    follower_.emplace(log_path(), start_at, std::move(saved), "in", log_);
  }
  void follow_from(const std::optional<Position>& saved) {
    follow(SourceConfig::StartAt::beginning, saved);
  }

  /// What comes now; `|` where a line ends without its LF.
  std::string read(size_t room = 4096) {
    std::string all;
    std::string buffer(room, '\0');
    while (true) {
      FileFollower::Step step = follower_->next({buffer.data(), room}, now_);
      switch (step.what) {
        case FileFollower::Happened::bytes:
          all.append(buffer, 0, step.size);
          break;
        case FileFollower::Happened::line_end:
          all += '|';
          break;
        case FileFollower::Happened::other:
          break;
        default:
          wait_ = step.wait;
          what_ = step.what;
          return all;
      }
    }
  }
  /// The same until the files are quiet.
  std::string read_on() {
    std::string all = read();
    for (int i = 0; i < 20; ++i) {
      now_ += FileFollower::kSettle;
      all += read();
    }
    return all;
  }
  void rename(const std::string& from, const std::string& to) {
    fs::rename(folder_.path(from), folder_.path(to));
  }
  void copy(const std::string& from, const std::string& to) {
    let_the_clock_tick();
    fs::copy_file(folder_.path(from), folder_.path(to), fs::copy_options::overwrite_existing);
  }
  void truncate() { ASSERT_EQ(::truncate(log_path().c_str(), 0), 0); }
  /// logrotate's `create`: the older ones move on.
  void rotate() {
    let_the_clock_tick();
    for (int i = 8; i > 0; --i) {
      std::string name = "app.log." + std::to_string(i);
      if (fs::exists(folder_.path(name))) rename(name, "app.log." + std::to_string(i + 1));
    }
    rename("app.log", "app.log.1");
    folder_.write("app.log", "");
  }
  /// Two lines that were not read when the file was truncated, and one behind.
  void leave_unread_in_a_copy(Writer& writer) {
    follow_with_a_line(writer);
    writer.write("2\n3\n");
    copy("app.log", "app.log.1");
    truncate();
    writer.write("4\n");
  }
  void follow_with_a_line(const Writer& writer) {
    writer.write("1\n");
    follow();
    EXPECT_EQ(read(), "1\n");
  }
  /// The line is read; the new file's is not.
  void follow_over_a_rotation(Writer& writer) {
    follow_with_a_line(writer);
    rotate();
    writer.reopen();
    writer.write("2\n");
  }
  /// The position that a follower has saved which ended there.
  std::optional<Position> stop_after_a_line(const Writer& writer) {
    follow_with_a_line(writer);
    std::optional<Position> saved = follower_->position();
    follower_.reset();
    return saved;
  }
  /// Both lines have been read, the first of them before the file was copied and truncated.
  void read_over_a_copytruncate(const Writer& writer) {
    follow_with_a_line(writer);
    copy("app.log", "app.log.1");
    truncate();
    writer.write("2\n");
    EXPECT_EQ(read(), "2\n");
  }
  std::string log_path() const { return folder_.path("app.log"); }
  std::string said() const { return said_.str(); }

  TempDir folder_;
  std::ostringstream said_;
  Log log_{LogConfig{}, std::make_shared<spdlog::sinks::ostream_sink_mt>(said_),
           [] { return std::chrono::steady_clock::now(); }};
  FileFollower::Time now_ = std::chrono::steady_clock::now();
  FileFollower::Duration wait_{};
  FileFollower::Happened what_ = FileFollower::Happened::nothing;
  std::optional<FileFollower> follower_;
};

TEST(RotatedName, IsTheNameWithANumberADateOrAWordForOld) {
  for (const char* name : {"app.log.1", "app.log.12", "app.log-20261125", "app.log.2026-11-25",
                           "app.log.20261125-120000", "app.log.old", "app.log~", "app.1.log",
                           "app-2026-11-25T12-00-00.000.log", "app.log.2026-11-25_12:00:00Z"})
    EXPECT_TRUE(is_rotated_name("app.log", name)) << name;
  for (const char* name :
       {"app.log", "app.log.1.gz", "app.log.gz", "app-audit.log", "app.error.log", "app.log.swp",
        "other.log.1", "app.log1", "app.log.", "app", "app.lo"})
    EXPECT_FALSE(is_rotated_name("app.log", name)) << name;
  EXPECT_TRUE(is_rotated_name("app", "app.1"));
  EXPECT_FALSE(is_rotated_name("app", "app.log"));
}

TEST_F(FileFollowerTest, WaitsForAFileThatIsNotThereYet) {
  follow();
  EXPECT_EQ(read(), "");
  folder_.write("app.log", "a\nb\n");
  EXPECT_EQ(read(), "a\nb\n");
  EXPECT_NE(said().find("waiting for it"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, ReadsWhatIsAppended) {
  Writer writer(log_path());
  follow();
  std::string expected;
  std::string seen;
  for (int i = 0; i < 100; ++i) {
    std::string line = "line " + std::to_string(i) + "\n";
    writer.write(line);
    expected += line;
    if (i % 7 == 0) seen += read(16);
  }
  EXPECT_EQ(seen + read(16), expected);
}

TEST_F(FileFollowerTest, StartsAtTheEndIfItIsToldTo) {
  Writer writer(log_path());
  writer.write("a\nb\n");
  follow(SourceConfig::StartAt::end);
  EXPECT_EQ(read(), "");
  writer.write("c\n");
  EXPECT_EQ(read(), "c\n");
}

TEST_F(FileFollowerTest, ALineThatIsHalfWrittenAtTheEndIsReadFromItsBegin) {
  Writer writer(log_path());
  writer.write("a\n" + std::string(200000, 'b'));
  follow(SourceConfig::StartAt::end);
  EXPECT_EQ(read(), std::string(200000, 'b'));
  writer.write("c\n");
  EXPECT_EQ(read(), "c\n");
}

TEST_F(FileFollowerTest, AFileThatComesAfterTheStartIsReadFromItsBeginning) {
  follow(SourceConfig::StartAt::end);
  EXPECT_EQ(read(), "");
  folder_.write("app.log", "a\n");
  EXPECT_EQ(read(), "a\n");
}

TEST_F(FileFollowerTest, TheOldFileIsReadToItsEndBeforeTheNewOne) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  writer.write("2\n");
  rotate();
  writer.write("3\n");
  EXPECT_EQ(read(), "2\n3\n");
  writer.write("4\n");
  writer.reopen();
  writer.write("5\n");
  EXPECT_EQ(read_on(), "4\n5\n");
  writer.write("6\n");
  EXPECT_EQ(read(), "6\n");
}

TEST_F(FileFollowerTest, AWriterThatIsLateWithTheChangeIsWaitedFor) {
  Writer slow(log_path());
  Writer quick(log_path());
  slow.write("1\n");
  follow();
  EXPECT_EQ(read(), "1\n");
  rotate();
  quick.reopen();
  quick.write("3\n");
  EXPECT_EQ(read(), "");
  EXPECT_LE(wait_, FileFollower::kSettle);
  now_ += FileFollower::kSettle / 2;
  slow.write("2\n");
  EXPECT_EQ(read(), "2\n");
  now_ += FileFollower::kSettle / 2;
  EXPECT_EQ(read(), "");
  now_ += FileFollower::kSettle;
  EXPECT_EQ(read(), "3\n");
}

TEST_F(FileFollowerTest, WhatRotatedLongAgoIsReadWithoutWaiting) {
  folder_.write("app.log", "1\n");
  follow();
  EXPECT_EQ(read(), "1\n");
  std::optional<Position> saved = follower_->position();
  for (int i = 2; i < 6; ++i) {
    rotate();
    folder_.write("app.log", std::to_string(i) + "\n");
  }
  timespec later[2] = {{0, UTIME_OMIT}, {std::time(nullptr) + 3, 0}};  // the last write
  ASSERT_EQ(utimensat(AT_FDCWD, log_path().c_str(), later, 0), 0);
  follow_from(saved);
  EXPECT_EQ(read(), "2\n3\n4\n5\n");
}

TEST_F(FileFollowerTest, TheLastLineOfARotatedFileNeedsNoLineFeed) {
  Writer writer(log_path());
  writer.write("1\nha");
  follow();
  EXPECT_EQ(read(), "1\nha");
  rotate();
  writer.write("lf");
  EXPECT_EQ(read(), "lf");
  writer.reopen();
  writer.write("2\n");
  EXPECT_EQ(read_on(), "|2\n");
}

TEST_F(FileFollowerTest, NoFileIsLeftOutWhenTwoRotationsFollowQuickly) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  writer.write("2\n");
  for (int i = 3; i < 8; ++i) {
    rotate();
    writer.reopen();
    writer.write(std::to_string(i) + "\n");
  }
  EXPECT_EQ(read_on(), "2\n3\n4\n5\n6\n7\n");
}

TEST_F(FileFollowerTest, RotatedFilesThatWereThereBeforeAreNotRead) {
  folder_.write("app.log.2", "old\n");
  folder_.write("app.log.1", "older\n");
  let_the_clock_tick();
  Writer writer(log_path());
  follow_over_a_rotation(writer);
  EXPECT_EQ(read_on(), "2\n");
}

TEST_F(FileFollowerTest, FilesWithDatesInTheirNamesAreFound) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  for (const char* date : {"20261124", "20261125"}) {
    let_the_clock_tick();
    rename("app.log", std::string("app-") + date + ".log");
    writer.reopen();
    writer.write(std::string(date) + "\n");
  }
  folder_.write("app-audit.log", "of another log\n");
  EXPECT_EQ(read_on(), "20261124\n20261125\n");
}

TEST_F(FileFollowerTest, AFileThatIsDeletedIsReadOnUntilThereIsANewOne) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  fs::remove(log_path());
  writer.write("2\n");
  EXPECT_EQ(read_on(), "2\n");
  writer.reopen();
  writer.write("3\n");
  EXPECT_EQ(read_on(), "3\n");
}

TEST_F(FileFollowerTest, WhatHasRotatedIsReadAlthoughNoNewFileComes) {
  Writer writer(log_path());
  follow_over_a_rotation(writer);
  rotate();
  writer.reopen();
  writer.write("3\n");
  rotate();
  fs::remove(log_path());
  EXPECT_EQ(read_on(), "2\n3\n");
  writer.reopen();
  writer.write("4\n");
  EXPECT_EQ(read_on(), "4\n");
}

TEST_F(FileFollowerTest, WhatHasRotatedIsReadAfterARestartAlthoughNoNewFileComes) {
  Writer writer(log_path());
  std::optional<Position> saved = stop_after_a_line(writer);
  rotate();
  writer.reopen();
  writer.write("2\n");
  rotate();
  fs::remove(log_path());
  follow_from(saved);
  EXPECT_EQ(read_on(), "2\n");
}

TEST_F(FileFollowerTest, ACopyOfAFileThatIsDeletedIsNotRead) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  copy("app.log", "app.log.1");
  fs::remove(log_path());
  EXPECT_EQ(read_on(), "");
}

TEST_F(FileFollowerTest, ASymbolicLinkThatLeadsElsewhereIsARotation) {
  folder_.write("day1.log", "1\n");
  folder_.write("day2.log", "3\n");
  fs::create_symlink(folder_.path("day1.log"), log_path());
  follow();
  EXPECT_EQ(read(), "1\n");
  std::ofstream(folder_.path("day1.log"), std::ios::app) << "2\n";
  fs::create_symlink(folder_.path("day2.log"), folder_.path("next"));
  rename("next", "app.log");
  EXPECT_EQ(read_on(), "2\n3\n");
}

TEST_F(FileFollowerTest, AFileThatALinkLeadsToMayRotate) {
  fs::create_directory(folder_.path("pods"));
  folder_.write("pods/0.log", "1\n");
  fs::create_symlink(folder_.path("pods/0.log"), log_path());
  follow();
  EXPECT_EQ(read(), "1\n");
  for (const char* date : {"20261124", "20261125"}) {
    let_the_clock_tick();
    rename("pods/0.log", std::string("pods/0.log.") + date);
    folder_.write("pods/0.log", std::string(date) + "\n");
  }
  EXPECT_EQ(read_on(), "20261124\n20261125\n");
}

TEST_F(FileFollowerTest, ATruncatedFileIsReadFromItsBeginning) {
  Writer writer(log_path());
  writer.write("first\nsecond\n");
  follow();
  EXPECT_EQ(read(), "first\nsecond\n");
  truncate();
  writer.write("third\n");
  EXPECT_EQ(read(), "third\n");
  EXPECT_NE(said().find("truncated"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, ATruncatedFileThatHasGrownAgainIsTold) {
  Writer writer(log_path());
  writer.write("first\n");
  follow();
  EXPECT_EQ(read(), "first\n");
  truncate();
  writer.write("second, and longer\n");
  EXPECT_EQ(read(), "second, and longer\n");
  truncate();
  writer.write("third, just as long\n");
  EXPECT_EQ(read(), "third, just as long\n");
}

TEST_F(FileFollowerTest, WhatWasNotReadOfATruncatedFileIsReadInItsCopy) {
  Writer writer(log_path());
  leave_unread_in_a_copy(writer);
  EXPECT_EQ(read(), "2\n3\n4\n");
  writer.write("5\n");
  EXPECT_EQ(read(), "5\n");
}

TEST_F(FileFollowerTest, TheCopyOfATruncatedFileIsReadAlthoughItCouldNotBeOpenedAtFirst) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "without descriptors UBSan cannot look at types, and takes them for wrong ones";
#endif
  Writer writer(log_path());
  leave_unread_in_a_copy(writer);
  {
    const NoDescriptors none;
    EXPECT_EQ(read(), "");
  }
  EXPECT_EQ(read(), "2\n3\n4\n");
  EXPECT_EQ(said().find("is lost"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, WhatWasNotReadIsReadInACopyThatOverwritesAnEarlierOne) {
  Writer writer(log_path());
  writer.write("start\n");
  follow();
  EXPECT_EQ(read(), "start\n");
  for (const char* round : {"1", "2", "3"}) {
    writer.write(std::string("unread ") + round + "\n");
    copy("app.log", "app.log.1");
    truncate();
    writer.write(std::string("after ") + round + "\n");
    EXPECT_EQ(read(), std::string("unread ") + round + "\nafter " + round + "\n");
  }
  EXPECT_EQ(said().find("warn"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, WhatWasNotReadIsReadInACopyThatKeepsTheTimeOfTheLastWrite) {
  Writer writer(log_path());
  folder_.write("app.log.1", "of last week\n");
  let_the_clock_tick();
  follow_with_a_line(writer);
  writer.write("2\n");
  auto written = fs::last_write_time(log_path());
  copy("app.log", "app.log.1");
  fs::last_write_time(folder_.path("app.log.1"), written);
  truncate();
  writer.write("3\n");
  EXPECT_EQ(read(), "2\n3\n");
}

TEST_F(FileFollowerTest, ACopyOfBeforeThatBeginsAlikeIsNotReadAgain) {
  Writer writer(log_path());
  writer.write("banner\n1\n");
  follow();
  EXPECT_EQ(read(), "banner\n1\n");
  copy("app.log", "app.log.1");
  truncate();
  let_the_clock_tick();
  writer.write("banner\n");
  EXPECT_EQ(read(), "banner\n");
  truncate();
  writer.write("2\n");
  EXPECT_EQ(read(), "2\n");
}

TEST_F(FileFollowerTest, WarnsWhenWhatWasNotReadOfATruncatedFileStandsNowhere) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  writer.write("2\n");
  truncate();
  writer.write("other\n");
  EXPECT_EQ(read(), "other\n");
  EXPECT_NE(said().find("warn"), std::string::npos) << said();
  EXPECT_NE(said().find("read_bytes=2"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, DoesNotWarnWhenTheCopyShowsThatAllWasRead) {
  Writer writer(log_path());
  read_over_a_copytruncate(writer);
  EXPECT_NE(said().find("truncated"), std::string::npos) << said();
  EXPECT_EQ(said().find("warn"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, ALineThatATruncationCutsInTwoIsOne) {
  Writer writer(log_path());
  writer.write("1\nhalf");
  follow();
  EXPECT_EQ(read(), "1\nhalf");
  writer.write("-and");
  copy("app.log", "app.log.1");
  truncate();
  writer.write("-half\n2\n");
  EXPECT_EQ(read(), "-and-half\n2\n");
}

TEST_F(FileFollowerTest, CopiesAreNotReadAgainWhenTheFileIsRenamedLater) {
  Writer writer(log_path());
  read_over_a_copytruncate(writer);
  rotate();
  writer.reopen();
  writer.write("3\n");
  EXPECT_EQ(read_on(), "3\n");
}

TEST_F(FileFollowerTest, AFileThatWasTruncatedBeforeItWasBegunIsReadInItsCopy) {
  Writer writer(log_path());
  follow_over_a_rotation(writer);
  EXPECT_EQ(read(), "") << "the first file may still be written to";
  copy("app.log", "app.log.2026");
  EXPECT_EQ(read(), "");
  truncate();
  writer.write("3\n");
  EXPECT_EQ(read_on(), "2\n3\n");
}

/// As while a full sink holds the reader up.
TEST_F(FileFollowerTest, AFileThatWasTruncatedBeforeAByteOfItWasReadIsReadInItsCopy) {
  for (const bool goes_on : {true, false}) {
    Writer writer(log_path());
    follow();
    EXPECT_EQ(read(), "");
    let_the_clock_tick();
    writer.write("1\n2\n");
    copy("app.log", "app.log.1");
    truncate();
    let_the_clock_tick();
    writer.write("a\nb\n");
    copy("app.log", "app.log.2");
    truncate();
    if (goes_on) writer.write("x\n");
    EXPECT_EQ(read_on(), goes_on ? "1\n2\na\nb\nx\n" : "1\n2\na\nb\n");
    writer.write("y\n");
    EXPECT_EQ(read_on(), "y\n") << "and goes on behind it";
    for (const char* name : {"app.log", "app.log.1", "app.log.2"}) fs::remove(folder_.path(name));
  }
}

TEST_F(FileFollowerTest, AFileThatIsStillEmptyHasNoOtherReadForIt) {
  folder_.write("app.log.1", "old\n");
  let_the_clock_tick();
  Writer writer(log_path());
  follow();
  EXPECT_EQ(read(), "");
  let_the_clock_tick();
  writer.write("1\n");
  copy("app.log", "app.log.2");
  EXPECT_EQ(read_on(), "1\n");
}

TEST_F(FileFollowerTest, ACopyOfAFileThatIsStillToBeReadIsNotReadToo) {
  Writer writer(log_path());
  follow_over_a_rotation(writer);
  copy("app.log", "app.log.2026");
  writer.write("3\n");
  EXPECT_EQ(read_on(), "2\n3\n");
}

TEST_F(FileFollowerTest, Utf16IsNotReadUntilSomethingElseStandsThere) {
  const std::string utf16(
      "\xff\xfe"
      "a\0\n\0",
      6);
  for (SourceConfig::StartAt start :
       {SourceConfig::StartAt::beginning, SourceConfig::StartAt::end}) {
    folder_.write("app.log", utf16);
    follow(start);
    EXPECT_EQ(read(), "");
    EXPECT_NE(said().find("it is UTF-16"), std::string::npos) << said();
    fs::remove(log_path());
    let_the_clock_tick();
    folder_.write("app.log", "1\n");
    EXPECT_EQ(read(), "1\n");
    fs::remove(log_path());
  }
}

TEST_F(FileFollowerTest, NorIsUtf16ThatComesAfterTheFileWasOpened) {
  Writer writer(log_path());
  follow();
  EXPECT_EQ(read(), "");
  writer.write(
      std::string("\xfe\xff"
                  "\0a\0\n",
                  6));
  EXPECT_EQ(read(), "");
  writer.write(std::string("\0b\0\n", 4));
  EXPECT_EQ(read(), "");
  EXPECT_NE(said().find("it is UTF-16"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, NorIsUtf16WhoseMarkComesInHalves) {
  Writer writer(log_path());
  writer.write("\xff");
  follow();
  EXPECT_EQ(read(), "\xff");
  writer.write(
      std::string("\xfe"
                  "a\0\n\0",
                  5));
  EXPECT_EQ(read(), "");
  EXPECT_NE(said().find("it is UTF-16"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, WhatCannotBeReadIsTriedAgain) {
  fs::create_directory(log_path());
  follow();
  EXPECT_EQ(read(), "");
  EXPECT_EQ(read(), "");
  EXPECT_NE(said().find("cannot be read"), std::string::npos) << said();
  EXPECT_NE(said().find("it is no regular file"), std::string::npos) << said();
  fs::remove(log_path());
  folder_.write("app.log", "1\n");
  EXPECT_EQ(read(), "1\n");
}

TEST_F(FileFollowerTest, AReadErrorAtTheHeadIsNoTruncation) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  writer.write("2\n");
  {
    FailingReads fail({0, EIO});
    EXPECT_EQ(read(), "");
    EXPECT_EQ(what_, FileFollower::Happened::failed);
    EXPECT_EQ(follower_->position()->offset, 2u);
  }
  EXPECT_EQ(said().find("truncated"), std::string::npos) << said();
  EXPECT_NE(said().find("Input/output error"), std::string::npos) << said();
  EXPECT_EQ(read(), "2\n");
}

TEST_F(FileFollowerTest, AReadErrorAtTheStartForgetsNoPosition) {
  Writer writer(log_path());
  std::optional<Position> saved = stop_after_a_line(writer);
  writer.write("2\n");
  follow_from(saved);
  {
    FailingReads fail({0, EIO});
    EXPECT_EQ(read(), "");
    EXPECT_EQ(what_, FileFollower::Happened::failed);
  }
  EXPECT_EQ(said().find("is gone"), std::string::npos) << said();
  EXPECT_EQ(read(), "2\n");
}

TEST_F(FileFollowerTest, AReadErrorAtTheStartReadsNothingOfBefore) {
  for (off_t where : {0, 2}) {  // the head, and where the last line is looked for
    folder_.write("app.log", std::string(64 * 1024, '0') + "\n1");
    follow(SourceConfig::StartAt::end);
    {
      FailingReads fail({where, EIO});
      EXPECT_EQ(read(), "");
      EXPECT_EQ(what_, FileFollower::Happened::failed);
    }
    EXPECT_EQ(read(), "1");
  }
}

TEST_F(FileFollowerTest, AReadErrorIsNoReasonToReadACopyOnceMore) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  copy("app.log", "app.log.1");
  writer.write("2\n");
  rename("app.log", "gone.log");
  {
    FailingReads fail({0, EIO});
    EXPECT_EQ(read_on(), "");
  }
  EXPECT_EQ(read_on(), "2\n");
}

TEST_F(FileFollowerTest, AFileServerThatHasForgottenTheOpenFileIsAskedForItAgain) {
  Writer writer(log_path());
  follow_with_a_line(writer);
  writer.write("2 and");
  EXPECT_EQ(read(), "2 and");
  writer.write(" on\n3\n");
  {
    FailingReads fail({7, ESTALE});
    EXPECT_EQ(read(), "");
  }
  EXPECT_EQ(read(), " on\n3\n");
  EXPECT_EQ(follower_->position()->offset, 13u);
}

TEST_F(FileFollowerTest, AFileWithoutPermissionIsTriedAgain) {
  folder_.write("app.log", "1\n");
  fs::permissions(log_path(), fs::perms::none);
  fs::permissions(folder_.path(), fs::perms::all);
  setfsuid(65534);  // root may read everything
  follow();
  std::string without = read();
  setfsuid(0);
  EXPECT_EQ(without, "");
  EXPECT_NE(said().find("cannot be read"), std::string::npos) << said();
  EXPECT_NE(said().find("Permission denied"), std::string::npos) << said();
  fs::permissions(log_path(), fs::perms::owner_read);
  EXPECT_EQ(read(), "1\n");
}

TEST_F(FileFollowerTest, ReadsOnWhereThePositionWasSaved) {
  Writer writer(log_path());
  writer.write("1\n2\n3");
  follow();
  EXPECT_EQ(read(), "1\n2\n3");
  std::optional<Position> saved = follower_->position();
  writer.write("3\n4\n");
  follow_from(saved);
  EXPECT_EQ(read(), "33\n4\n") << "the open line is read from its begin";
}

TEST_F(FileFollowerTest, AFileThatRotatedMeanwhileIsReadToItsEndFirst) {
  Writer writer(log_path());
  std::optional<Position> saved = stop_after_a_line(writer);
  writer.write("2\n");
  for (int i = 3; i < 6; ++i) {
    rotate();
    writer.reopen();
    writer.write(std::to_string(i) + "\n");
  }
  follow_from(saved);
  EXPECT_EQ(read_on(), "2\n3\n4\n5\n");
}

TEST_F(FileFollowerTest, AFileThatRotatedTwiceAndIsGoneIsSaidToBe) {
  Writer writer(log_path());
  std::optional<Position> saved = stop_after_a_line(writer);
  rotate();
  writer.reopen();
  writer.write("2\n");
  rotate();
  writer.reopen();
  writer.write("3\n");
  rename("app.log.2", "app.log.2.gz");
  follow_from(saved);
  EXPECT_EQ(read_on(), "2\n3\n");
  EXPECT_NE(said().find("is gone"), std::string::npos) << said();
}

TEST_F(FileFollowerTest, AFileTruncatedMeanwhileIsReadInItsCopyFirst) {
  Writer writer(log_path());
  std::optional<Position> saved = stop_after_a_line(writer);
  writer.write("2\n");
  copy("app.log", "app.log.1");
  truncate();
  writer.write("3\n");
  follow_from(saved);
  EXPECT_EQ(read_on(), "2\n3\n");
}

TEST_F(FileFollowerTest, AFileTruncatedMeanwhileIsReadInACopyThatOverwritesAnEarlierOne) {
  folder_.write("app.log.1", "of last week\n");
  let_the_clock_tick();
  Writer writer(log_path());
  std::optional<Position> saved = stop_after_a_line(writer);
  writer.write("2\n");
  copy("app.log", "app.log.1");
  truncate();
  writer.write("3\n");
  follow_from(saved);
  EXPECT_EQ(read_on(), "2\n3\n");
}

TEST_F(FileFollowerTest, AnotherFileWithTheSameInodeIsReadFromItsBeginning) {
  folder_.write("app.log", "the first file\n");
  follow();
  EXPECT_EQ(read(), "the first file\n");
  std::optional<Position> saved = follower_->position();
  follower_.reset();
  truncate();
  std::ofstream(log_path(), std::ios::app) << "another one, and longer\n";
  follow_from(saved);
  EXPECT_EQ(read_on(), "another one, and longer\n");
}

TEST_F(FileFollowerTest, CopiesAreNotReadAgainAfterARestart) {
  Writer writer(log_path());
  read_over_a_copytruncate(writer);
  follow_from(follower_->position());
  EXPECT_EQ(read(), "");
  rotate();
  writer.reopen();
  writer.write("3\n");
  EXPECT_EQ(read_on(), "3\n");
}

TEST_F(FileFollowerTest, TheOrderOfStartsAndRotationsDoesNotMatter) {
  Writer writer(log_path());
  std::string expected;
  std::string seen;
  follow();
  for (int i = 0; i < 60; ++i) {
    std::string line = "line " + std::to_string(i) + "\n";
    writer.write(line);
    expected += line;
    if (i % 5 == 0) seen += read();
    if (i % 7 == 3) rotate();
    if (i % 7 == 4) writer.reopen();
    if (i % 11 == 0) seen += read_on();
    if (i % 13 == 0) follow_from(follower_->position());
  }
  EXPECT_EQ(seen + read_on(), expected);
}

}  // namespace
}  // namespace redactd::test
