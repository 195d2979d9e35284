// What redactd does with the system around it: the service manager, limits, core dumps.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/metrics/process_stats.h"
#include "daemon/process/fd_limit.h"
#include "daemon/process/hardening.h"
#include "daemon/process/notify.h"
#include "tests/testing/in_child.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

/// What a service manager would receive.
class Manager {
 public:
  Manager() {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, folder_.path("notify").c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
  }
  ~Manager() {
    unsetenv("NOTIFY_SOCKET");
    close(socket_);
  }
  std::string received() const {
    std::array<char, 4096> buffer = {};
    ssize_t size = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<size_t>(size));
  }

 private:
  TempDir folder_;
  int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST(Notify, TellsTheManagerWhereRedactdIs) {
  Manager manager;
  notify_ready("2 sources, 1 sink");
  EXPECT_EQ(manager.received(), "READY=1\nSTATUS=2 sources, 1 sink");
  notify_ready("a\nSTOPPING=1");
  EXPECT_EQ(manager.received(), "READY=1\nSTATUS=a STOPPING=1") << "it cannot hold assignments";
  notify_watchdog();
  EXPECT_EQ(manager.received(), "WATCHDOG=1");
  notify_status("waiting");
  EXPECT_EQ(manager.received(), "STATUS=waiting");
  notify_stopping("Draining", std::chrono::seconds(90));
  EXPECT_EQ(manager.received(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000\nSTATUS=Draining");
}

TEST(Notify, AReloadHasTheMonotonicTimeInMicroseconds) {
  Manager manager;
  timespec before = {};
  clock_gettime(CLOCK_MONOTONIC, &before);
  notify_reloading();
  std::string received = manager.received();
  ASSERT_THAT(received, testing::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  long long time = std::stoll(received.substr(received.find("USEC=") + 5));
  EXPECT_GE(time, before.tv_sec * 1000000LL + before.tv_nsec / 1000);
  EXPECT_LT(time, (before.tv_sec + 60) * 1000000LL);
}

TEST(Notify, WithoutAManagerNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  notify_ready("ready");
  EXPECT_EQ(watchdog_interval(), std::nullopt);
  EXPECT_TRUE(take_passed_sockets().empty());
}

TEST(Notify, TheWatchdogIntervalIsTheManagers) {
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(watchdog_interval(), std::chrono::seconds(3));
  setenv("WATCHDOG_PID", std::to_string(getppid()).c_str(), 1);
  EXPECT_EQ(watchdog_interval(), std::nullopt) << "meant for another process";
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

TEST(Notify, PassedSocketsComeWithTheirNamesAndAreNotInherited) {
  EXPECT_EQ(in_child([] {
              int first = socket(AF_UNIX, SOCK_STREAM, 0);
              int second = socket(AF_UNIX, SOCK_DGRAM, 0);
              int high_first = fcntl(first, F_DUPFD, 100);
              int high_second = fcntl(second, F_DUPFD, 100);
              dup2(high_first, 3);
              dup2(high_second, 4);
              setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
              setenv("LISTEN_FDS", "2", 1);
              setenv("LISTEN_FDNAMES", "syslog:log", 1);
              std::vector<PassedSocket> sockets = take_passed_sockets();
              if (sockets.size() != 2) return 1;
              if (sockets[0].name != "syslog" || sockets[0].descriptor != 3) return 2;
              if (sockets[1].name != "log" || sockets[1].descriptor != 4) return 3;
              if ((fcntl(3, F_GETFD) & FD_CLOEXEC) == 0) return 4;
              if ((fcntl(4, F_GETFD) & FD_CLOEXEC) == 0) return 5;
              if (getenv("LISTEN_FDS") != nullptr) return 6;
              return take_passed_sockets().empty() ? 0 : 7;
            }),
            0);
}

TEST(Hardening, LeavesNoCoreAndLetsNobodyLookIn) {
  EXPECT_EQ(in_child([] {
              harden_process();
              if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 1;
              if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 2;
              rlimit limit = {1, 1};
              getrlimit(RLIMIT_CORE, &limit);
              return limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 3;
            }),
            0);
}

TEST(Hardening, TheProcessStillSeesItsOwnFigures) {
  EXPECT_EQ(in_child([] {
              harden_process();
              if (getuid() == 0 && setuid(65534) != 0) return 1;
              prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
              ProcessStats stats = read_process_stats();
              if (stats.open_fds < 3) return 2;
              if (stats.resident_bytes == 0) return 3;
              return stats.start_time > 0 ? 0 : 4;
            }),
            0);
}

TEST(FdLimit, RaisesTheSoftLimitToTheHardOne) {
  EXPECT_EQ(in_child([] {
              rlimit limit = {};
              getrlimit(RLIMIT_NOFILE, &limit);
              limit.rlim_cur = 64;
              setrlimit(RLIMIT_NOFILE, &limit);
              if (raise_fd_limit() != limit.rlim_max) return 1;
              rlimit now = {};
              getrlimit(RLIMIT_NOFILE, &now);
              return now.rlim_cur == limit.rlim_max ? 0 : 2;
            }),
            0);
}

TEST(ProcessStats, CountsWhatIsOpen) {
  uint64_t before = read_process_stats().open_fds;
  int opened = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(read_process_stats().open_fds, before + 1);
  close(opened);
}

TEST(ProcessStats, KnowsWhenTheProcessStarted) {
  ProcessStats stats = read_process_stats();
  auto now = static_cast<double>(time(nullptr));
  EXPECT_LE(stats.start_time, now + 1);
  EXPECT_GT(stats.start_time, now - 600);
  EXPECT_GT(stats.cpu_seconds, 0);
  EXPECT_GT(stats.virtual_bytes, stats.resident_bytes);
}

}  // namespace
}  // namespace redactd::test
