// What the seccomp filter lets through. Each case confines a process of its own.

#include "daemon/process/system_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <re2/re2.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/testing/in_child.h"

namespace redactd::test {
namespace {

class SystemCalls : public testing::Test {
 protected:
  void SetUp() override {
    if (!confines_system_calls()) GTEST_SKIP() << "a sanitizer needs more calls";
  }
};

bool refused(long result) { return result == -1 && errno == EPERM; }

/// The number of the first of these that is let through; 0: none is.
int first_that_starts_a_process() {
  const char* program = "/bin/true";
  char* argv[] = {const_cast<char*>(program), nullptr};
  if (!refused(execve(program, argv, argv))) return 1;
  if (!refused(syscall(SYS_execveat, AT_FDCWD, program, argv, argv, 0))) return 2;
  pid_t child = fork();
  if (child == 0) _exit(0);
  if (!refused(child)) return 3;
  return 0;
}

int first_that_reaches_beyond() {
  char byte = 0;
  iovec piece = {&byte, 1};
  bpf_attr none = {};
  if (!refused(ptrace(PTRACE_SEIZE, getppid(), nullptr, nullptr))) return 1;
  if (!refused(process_vm_readv(getppid(), &piece, 1, &piece, 1, 0))) return 2;
  if (!refused(syscall(SYS_bpf, BPF_PROG_LOAD, &none, sizeof none))) return 3;
  if (!refused(mount("none", "/mnt", "tmpfs", 0, nullptr))) return 4;
  if (!refused(syscall(SYS_init_module, &byte, 1, ""))) return 5;
  if (!refused(syscall(SYS_unshare, CLONE_NEWUSER))) return 6;
  if (!refused(syscall(SYS_io_uring_setup, 1, nullptr))) return 7;
  if (!refused(syscall(SYS_userfaultfd, 0))) return 8;
  return 0;
}

TEST_F(SystemCalls, TheDaemonCanStartNoProgram) {
  EXPECT_EQ(in_child([] {
              if (!confine_system_calls(Confinement::daemon).empty()) return 99;
              return first_that_starts_a_process();
            }),
            0);
}

TEST_F(SystemCalls, TheDaemonReachesNothingBeyondItself) {
  EXPECT_EQ(in_child([] {
              if (!confine_system_calls(Confinement::daemon).empty()) return 99;
              if (!refused(kill(getppid(), 0))) return 20;
              if (!refused(syscall(SYS_tgkill, getppid(), getppid(), 0))) return 21;
              rlimit limit = {};
              if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 22;
              if (!refused(setrlimit(RLIMIT_NOFILE, &limit))) return 23;
              if (!refused(socket(AF_NETLINK, SOCK_RAW, 0))) return 24;
              if (!refused(socket(AF_PACKET, SOCK_RAW, 0))) return 25;
              if (!refused(setuid(getuid()))) return 26;
              return first_that_reaches_beyond();
            }),
            0);
}

TEST_F(SystemCalls, NothingThatIsWrittenBecomesCode) {
  EXPECT_EQ(in_child([] {
              if (!confine_system_calls(Confinement::daemon).empty()) return 99;
              const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
              void* both = mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, flags, -1, 0);
              if (both != MAP_FAILED || errno != EPERM) return 1;
              void* data = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
              if (data == MAP_FAILED) return 2;
              if (!refused(mprotect(data, 4096, PROT_READ | PROT_EXEC))) return 3;
              return mprotect(data, 4096, PROT_READ) == 0 ? 0 : 4;
            }),
            0);
}

TEST_F(SystemCalls, TheDaemonStillHasFilesSocketsAndThreads) {
  EXPECT_EQ(in_child([] {
              if (!confine_system_calls(Confinement::daemon).empty()) return 99;
              if (open("/dev/null", O_WRONLY | O_CLOEXEC) < 0) return 1;
              for (int family : {AF_UNIX, AF_INET}) {
                if (socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0) return 2;
              }
              int seen = 0;
              std::thread([&seen] { seen = open("/dev/null", O_RDONLY | O_CLOEXEC); }).join();
              return seen > 0 ? 0 : 3;
            }),
            0);
}

TEST_F(SystemCalls, ThreadsThatRanAlreadyAreConfinedToo) {
  EXPECT_EQ(in_child([] {
              std::atomic<bool> confined = false;
              std::atomic<int> result = 98;
              std::thread before([&] {
                while (!confined) std::this_thread::yield();
                result = first_that_reaches_beyond();
              });
              bool done = confine_system_calls(Confinement::daemon).empty();
              confined = true;
              before.join();
              return done ? result.load() : 99;
            }),
            0);
}

TEST_F(SystemCalls, TheFilterCanOpenNothing) {
  EXPECT_EQ(in_child([] {
              if (!confine_system_calls(Confinement::filter).empty()) return 99;
              if (!refused(open("/dev/null", O_RDONLY | O_CLOEXEC))) return 20;
              if (!refused(socket(AF_INET, SOCK_STREAM, 0))) return 21;
              if (!refused(unlink("/nowhere"))) return 22;
              int status = first_that_starts_a_process();
              return status != 0 ? status : first_that_reaches_beyond();
            }),
            0);
}

TEST_F(SystemCalls, TheRunnerWaitsForItsProgramAndSignalsIt) {
  EXPECT_EQ(in_child([] {
              pid_t program = fork();
              if (program == 0) {
                pause();
                _exit(0);
              }
              if (!confine_system_calls(Confinement::runner).empty()) return 99;
              if (kill(program, SIGKILL) != 0) return 1;
              int status = 0;
              if (waitpid(program, &status, 0) != program) return 2;
              if (!refused(open("/dev/null", O_RDONLY | O_CLOEXEC))) return 3;
              return first_that_starts_a_process() == 0 ? 0 : 4;
            }),
            0);
}

TEST_F(SystemCalls, WhoStartsProgramsStillReachesNothingBeyond) {
  EXPECT_EQ(in_child([] {
              if (!confine_system_calls(Confinement::starts_programs).empty()) return 99;
              pid_t program = fork();
              if (program == 0) {
                execl("/bin/true", "true", nullptr);
                _exit(1);
              }
              int status = 1;
              if (waitpid(program, &status, 0) != program || status != 0) return 20;
              return first_that_reaches_beyond();
            }),
            0);
}

TEST(SystemCallList, IsTheOneInTheDocumentation) {
  std::ifstream file(std::string(REDACTD_SOURCE_DIR) + "/docs/sandbox.md");
  std::stringstream text;
  text << file.rdbuf();
  auto words = [](re2::StringPiece quoted) {
    std::set<std::string> found;
    std::string word;
    while (RE2::FindAndConsume(&quoted, "`(\\w+)`", &word)) found.insert(word);
    return found;
  };
  for (const SystemCallGroup& group : allowed_system_calls()) {
    std::string row;
    std::string pattern =
        "(?m)^\\| " + std::string(group.name) + " \\| \\w+ \\| .* \\| ((?:`\\w+` ?)+) \\|$";
    ASSERT_TRUE(RE2::PartialMatch(text.str(), pattern, &row)) << group.name;
    EXPECT_EQ(words(row), std::set<std::string>(group.calls.begin(), group.calls.end()))
        << group.name;
  }
  std::string refused_ones;
  ASSERT_TRUE(RE2::PartialMatch(text.str(), "refuses too: ((?:`\\w+` ?)+)\\.", &refused_ones));
  EXPECT_EQ(words(refused_ones), std::set<std::string>(calls_refused_to_programs().begin(),
                                                       calls_refused_to_programs().end()));
}

}  // namespace
}  // namespace redactd::test
