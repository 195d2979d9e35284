// Standard input of every kind, to its end.

#include "daemon/sources/stdin_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/testing/source_rig.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

const std::string kSecret = "password=correct-horse-battery-staple";
const std::string kMasked = "password=[REDACTED:password]";

class StdinSourceTest : public ::testing::Test {
 protected:
  StdinSourceTest() {
    config_.name = "in";
    config_.type = SourceConfig::Type::stdin_;
  }
  ~StdinSourceTest() override {
    rig_.reset();
    close_writer();
    if (reader_ >= 0) close(reader_);
  }

  void pipe() {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    reader_ = ends[0];
    writer_ = ends[1];
  }
  void start(size_t queue_bytes = 4 << 20) {
    rig_ = std::make_unique<SourceRig>(config_, queue_bytes);
    rig_->start([&](SourceSetup setup) {
      return std::make_unique<StdinSource>(std::move(setup), reader_);
    });
  }
  void write(std::string_view text) const {
    ASSERT_EQ(::write(writer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (writer_ >= 0) close(writer_);
    writer_ = -1;
  }
  void wait_for_the_end() {
    rig_->wait_until([&] { return rig_->ended > 0; });
    EXPECT_EQ(rig_->ended, 1);
  }

  SourceConfig config_;
  std::unique_ptr<SourceRig> rig_;
  int reader_ = -1;
  int writer_ = -1;
};

TEST_F(StdinSourceTest, APipeComesOutRedactedAsItIsWritten) {
  pipe();
  start();
  write("a\n\n");
  rig_->wait_for_records(2);
  for (char c : kSecret) write(std::string(1, c));
  write("\n");
  rig_->wait_for_records(3);
  write("the last line");
  EXPECT_EQ(rig_->ended, 0);
  close_writer();
  wait_for_the_end();
  EXPECT_EQ(rig_->sink->records(),
            (std::vector<std::string>{"a\n", "\n", kMasked + "\n", "the last line\n"}));
}

TEST_F(StdinSourceTest, TheEndIsSaidWhenTheSinkHasWrittenEverything) {
  pipe();
  start();
  rig_->sink->hold();
  write("a\nb");
  close_writer();
  rig_->wait_for_records(2);
  EXPECT_EQ(rig_->ended, 0);
  rig_->sink->let_go();
  wait_for_the_end();
}

TEST_F(StdinSourceTest, AnEmptyInputEndsToo) {
  pipe();
  close_writer();
  start();
  wait_for_the_end();
  EXPECT_EQ(rig_->sink->count(), 0u);
}

TEST_F(StdinSourceTest, AFileIsReadToItsEnd) {
  TempDir folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  reader_ = open(folder.write("in", text).c_str(), O_RDONLY | O_CLOEXEC);
  start();
  wait_for_the_end();
  std::string all;
  for (const std::string& record : rig_->sink->records()) all += record;
  EXPECT_TRUE(all == text);
}

TEST_F(StdinSourceTest, NothingEndsAtOnce) {
  reader_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  start();
  wait_for_the_end();
}

TEST_F(StdinSourceTest, ASocketAndATerminalAreReadAsAPipeIs) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  reader_ = ends[0];
  writer_ = ends[1];
  start();
  write("a\n");
  rig_->wait_for_records(1);
  close_writer();
  wait_for_the_end();
  rig_.reset();
  close(reader_);
  ASSERT_EQ(openpty(&writer_, &reader_, nullptr, nullptr, nullptr), 0);
  start();
  write("b\n");
  rig_->wait_for_records(1);
  write("\x04");  // end of input
  wait_for_the_end();
  EXPECT_EQ(rig_->sink->records(), std::vector<std::string>{"b\n"});
}

TEST_F(StdinSourceTest, TheDescriptorStaysBlockingForThoseWhoShareIt) {
  pipe();
  start();
  write("a\n");
  rig_->wait_for_records(1);
  EXPECT_EQ(fcntl(reader_, F_GETFL) & O_NONBLOCK, 0);
  rig_->stop();
  EXPECT_EQ(fcntl(reader_, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(StdinSourceTest, ASinkThatIsFullStopsTheReader) {
  pipe();
  start(64 * 1024);
  rig_->sink->hold();
  std::string text(100, 'x');
  text += '\n';
  std::thread writing([&] {
    for (int i = 0; i < 20'000; ++i) write(text);
    close_writer();
  });
  rig_->wait_until([&] { return rig_->sink->waiting() > 0; });
  EXPECT_LE(rig_->sink->most_queued(), 64 * 1024 + Worker::kReadBytes);
  rig_->sink->let_go();
  writing.join();
  wait_for_the_end();
  EXPECT_EQ(rig_->sink->count(), 20'000u);
}

TEST_F(StdinSourceTest, AtAStopWhatThePipeHoldsAndWhatIsHeldIsPutOut) {
  pipe();
  start();
  write("a\n");
  rig_->wait_for_records(1);
  write("b\n" + kSecret);
  rig_->stop();
  EXPECT_EQ(rig_->sink->records(), (std::vector<std::string>{"a\n", "b\n", kMasked + "\n"}));
  EXPECT_EQ(rig_->ended, 0);
}

TEST_F(StdinSourceTest, AClosedStandardInputIsAnErrorAtTheStart) {
  reader_ = 1000000;
  EXPECT_THROW(start(), std::runtime_error);
  reader_ = -1;
}

}  // namespace
}  // namespace redactd::test
