// kill -9, at named points of the spool and at any time. A process of its own writes and sends
// records and says what it has promised; it is killed, and the spool is looked through. The points
// lie in the disk that the test puts under the spool: nothing of them is in the daemon.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/spool/disk_directory.h"
#include "daemon/spool/spool.h"
#include "tests/testing/numbered.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

/// Kills the process when it comes to a point for the n-th time.
struct CrashPoint {
  std::string point;
  int times = 0;

  void reach(std::string_view here) {
    if (here == point && --times <= 0) raise(SIGKILL);
  }
};

class CrashingFile final : public SpoolFile {
 public:
  CrashingFile(std::unique_ptr<SpoolFile> file, CrashPoint& crash, bool position)
      : file_(std::move(file)), crash_(crash), position_(position) {}

  uint64_t size() override { return file_->size(); }
  size_t read(uint64_t offset, std::span<char> to) override { return file_->read(offset, to); }
  void write(uint64_t offset, std::span<const std::string_view> parts) override {
    std::string all;
    for (std::string_view part : parts) all += part;
    reach("before the write");
    std::string_view half = std::string_view(all).substr(0, all.size() / 2);
    file_->write(offset, {&half, 1});
    reach("half written");
    std::string_view rest = std::string_view(all).substr(half.size());
    file_->write(offset + half.size(), {&rest, 1});
    reach("written");
  }
  void truncate(uint64_t size) override { file_->truncate(size); }
  void sync() override {
    reach("before the sync");
    file_->sync();
    reach("synced");
  }

 private:
  void reach(const std::string& point) { crash_.reach(position_ ? "position " + point : point); }

  std::unique_ptr<SpoolFile> file_;
  CrashPoint& crash_;
  const bool position_;
};

class CrashingDirectory final : public SpoolDirectory {
 public:
  CrashingDirectory(std::unique_ptr<SpoolDirectory> directory, CrashPoint& crash)
      : directory_(std::move(directory)), crash_(crash) {}

  std::vector<std::string> names() override { return directory_->names(); }
  bool is_file(const std::string& name) override { return directory_->is_file(name); }
  std::unique_ptr<SpoolFile> create(const std::string& name) override {
    auto file = directory_->create(name);
    crash_.reach("created");
    return wrap(name, std::move(file));
  }
  std::unique_ptr<SpoolFile> open(const std::string& name) override {
    return wrap(name, directory_->open(name));
  }
  void remove(const std::string& name) override {
    crash_.reach("before the removal");
    directory_->remove(name);
    crash_.reach("removed");
  }
  void sync() override {
    directory_->sync();
    crash_.reach("names synced");
  }

 private:
  std::unique_ptr<SpoolFile> wrap(const std::string& name, std::unique_ptr<SpoolFile> file) {
    return std::make_unique<CrashingFile>(std::move(file), crash_, name == SpoolPosition::kName);
  }

  std::unique_ptr<SpoolDirectory> directory_;
  CrashPoint& crash_;
};

/// What the process told before it died.
struct Promises {
  uint64_t safe = 0;          // records before this one are in the spool
  uint64_t acknowledged = 0;  // so many need not be sent again
};

struct SpoolCrashTest : ::testing::Test {
  SpoolCrashTest() {
    config.directory = folder.path("spool");
    config.segment_size = 4000;
    config.max_size = 1 << 30;
    config.fsync = SpoolConfig::Fsync::always;
  }

  /// Never returns: writes, sends and acknowledges until it is killed.
  [[noreturn]] void live(CrashPoint crash, unsigned seed, int tell) {
    std::mt19937 random(seed);
    Spool spool(std::make_unique<CrashingDirectory>(open_spool_directory(config.directory), crash),
                config);
    while (true) {
      for (size_t i = random() % 5 + 1; i > 0; --i)
        spool.append(numbered(spool.next_record(), random() % 5 + 1), 1, Framing::newline);
      if (random() % 3 > 0) spool.sync();
      for (size_t i = random() % 7; i > 0; --i) spool.read();
      Promises made{spool.safe_before(), spool.position()};
      if (write(tell, &made, sizeof made) != sizeof made) _exit(0);
      spool.set_position(spool.cursor());
      made.acknowledged = spool.position();
      if (write(tell, &made, sizeof made) != sizeof made) _exit(0);
      spool.save_position();
      spool.remove_acknowledged(random() % 20 == 0);
    }
  }

  /// A process that is killed at the point, or, if there is none, after so many microseconds.
  void crash(const CrashPoint& point, unsigned seed, unsigned microseconds = 0) {
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
      alarm(120);  // a point that is never reached
      close(pipes[0]);
      try {
        live(point, seed, pipes[1]);
      } catch (...) {
        _exit(3);
      }
    }
    close(pipes[1]);
    std::thread killer;
    if (point.point.empty()) {
      killer = std::thread([child, microseconds] {
        usleep(microseconds);
        kill(child, SIGKILL);
      });
    }
    for (Promises each; read(pipes[0], &each, sizeof each) == sizeof each;) {
      promises.safe = std::max(promises.safe, each.safe);
      promises.acknowledged = std::max(promises.acknowledged, each.acknowledged);
    }
    close(pipes[0]);
    if (killer.joinable()) killer.join();  // before the child's number may be another's
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "point '" << point.point << "' was not reached: " << status;
  }

  /// All that was promised is there, in order, and nothing else.
  void look_through(const std::string& what) {
    Spool spool(open_spool_directory(config.directory), config);
    std::vector<uint64_t> numbers;
    while (auto batch = spool.read()) ASSERT_TRUE(numbers_of(batch->encoded, numbers)) << what;
    ASSERT_EQ(spool.take_damaged_records(), 0u) << what;
    for (size_t i = 1; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], numbers[i - 1] + 1) << what;
    if (promises.safe > promises.acknowledged) {
      ASSERT_FALSE(numbers.empty()) << what;
      ASSERT_LE(numbers.front(), promises.acknowledged) << what;
      ASSERT_GE(numbers.back() + 1, promises.safe) << what;
    }
  }

  /// A kill leaves what the system has; where it would write it to does not matter.
  struct InMemory {
    InMemory() {
      if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    }
    ~InMemory() { unsetenv("TMPDIR"); }
  };
  InMemory in_memory;
  TempDir folder;
  SpoolConfig config;
  Promises promises;
};

TEST_F(SpoolCrashTest, AtTwelveNamedPointsNothingIsLost) {
  const char* points[] = {"created",
                          "names synced",
                          "before the write",
                          "half written",
                          "written",
                          "before the sync",
                          "synced",
                          "before the removal",
                          "removed",
                          "position before the write",
                          "position half written",
                          "position written"};
  unsigned seed = 0;
  for (const char* point : points) {
    for (int times : {1, 2, 3, 7, 20}) {
      crash({point, times}, ++seed);
      look_through(point);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(SpoolCrashTest, AtAnyTimeNothingIsLost) {
  const char* wanted = std::getenv("REDACTD_SPOOL_KILLS");
  std::mt19937 random(11);
  for (int i = wanted == nullptr ? 200 : std::atoi(wanted); i > 0; --i) {
    crash({}, static_cast<unsigned>(random()), static_cast<unsigned>(random() % 15000));
    look_through("at random");
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace redactd::test
