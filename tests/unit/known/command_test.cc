#include "daemon/known/command.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fstream>
#include <thread>

#include "tests/testing/run_until.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

asio::awaitable<void> store(std::vector<std::string> argv, Milliseconds timeout,
                            CommandResult& result) {
  result = co_await run_command(std::move(argv), timeout);
}

CommandResult run(std::vector<std::string> argv, Milliseconds timeout = 20s) {
  asio::io_context context;
  CommandResult result{{}, "did not come back"};
  asio::co_spawn(context, store(std::move(argv), timeout, result), asio::detached);
  context.run();
  return result;
}

CommandResult shell(const std::string& script, Milliseconds timeout = 20s) {
  return run({"sh", "-c", script}, timeout);
}

bool alive(pid_t pid) {
  // A killed child of a child is a zombie until init takes it.
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string ignored;
  std::string state;
  return static_cast<bool>(stat >> ignored >> ignored >> state) && state != "Z" && state != "X";
}

bool ends(pid_t pid) {
  for (int i = 0; i < 12000 && alive(pid); ++i) std::this_thread::sleep_for(5ms);
  return !alive(pid);
}

pid_t pid_in(const std::string& file) {
  pid_t pid = 0;
  std::ifstream(file) >> pid;
  return pid;
}

TEST(Command, ItsOutputIsReturned) {
  CommandResult result = run({"echo", "made", "up  $HOME"});
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.output.view(), "made up  $HOME\n") << "without a shell";
  EXPECT_EQ(shell("head -c 1048576 /dev/zero | tr '\\0' x").output.size(), size_t{1} << 20);
}

TEST(Command, ReadsNothingAndInheritsTheEnvironmentOnly) {
  ASSERT_EQ(setenv("REDACTD_TEST_WORD", "made-up", 1), 0);
  EXPECT_EQ(shell("cat; echo $REDACTD_TEST_WORD").output.view(), "made-up\n");
  int leaked = dup(0);
  // 3 is the folder that ls itself reads.
  EXPECT_EQ(shell("ls /proc/self/fd | tr '\\n' ' '").output.view(), "0 1 2 3 ");
  close(leaked);
}

TEST(Command, SignalsAreAsAtLogin) {
  auto* before = signal(SIGPIPE, SIG_IGN);
  EXPECT_NE(shell("kill -PIPE $$").failure.find("signal 13"), std::string::npos);
  signal(SIGPIPE, before);
}

TEST(Command, AFailureTellsTheStatusOnly) {
  CommandResult result = shell("echo made-up; echo made-up >&2; exit 3");
  EXPECT_EQ(result.failure, "ended with status 3");
  EXPECT_TRUE(result.output.empty());
  EXPECT_EQ(shell("kill -9 $$").failure, "was ended by signal 9");
  EXPECT_EQ(run({"/nonexistent/program"}).failure, "cannot be started: No such file or directory");
  EXPECT_EQ(shell("printf 'made\\0up'").failure, "put out no text");
}

TEST(Command, TooMuchOutputIsAFailure) {
  EXPECT_EQ(shell("exec cat /dev/zero").failure, "put out more than 1 MiB and was killed");
}

TEST(Command, ItsTimeIsLimitedAndItsWholeGroupEnds) {
  TempDir dir;
  std::string pid_file = dir.path("pid");
  CommandResult result = shell("sleep 1000 & echo $! > " + pid_file + "; wait", 300ms);
  EXPECT_EQ(result.failure, "did not end in time and was killed");
  EXPECT_TRUE(ends(pid_in(pid_file)));
}

TEST(Command, WhatItLeavesBehindEndsWithIt) {
  TempDir dir;
  std::string pid_file = dir.path("pid");
  CommandResult result = shell("sleep 1000 & echo $! > " + pid_file + "; echo made-up");
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.output.view(), "made-up\n");
  EXPECT_TRUE(ends(pid_in(pid_file)));
}

TEST(Command, WhatLeftItsGroupKeepsTheOutputOpenNoLongerThanAllowed) {
  TempDir dir;
  std::string out = dir.path("out");
  CommandResult result = shell("setsid sh -c 'touch " + out + "; exec sleep 2' & while [ ! -e " +
                                   out + " ]; do sleep 0.01; done; echo made-up",
                               500ms);
  EXPECT_EQ(result.failure, "did not end in time and was killed");
}

TEST(Command, MayCloseItsOutputAndGoOn) {
  CommandResult result = shell("echo made-up; exec >&-; sleep 0.05; exit 4");
  EXPECT_EQ(result.failure, "ended with status 4");
}

TEST(Command, EndsWithItsCaller) {
  TempDir dir;
  std::string pid_file = dir.path("pid");
  asio::io_context context;
  asio::cancellation_signal cancel;
  CommandResult result;
  asio::co_spawn(context,
                 store({"sh", "-c", "echo $$ > " + pid_file + "; exec sleep 1000"}, 1000s, result),
                 asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  ASSERT_TRUE(run_until(context, [&] { return pid_in(pid_file) != 0; }));
  cancel.emit(asio::cancellation_type::terminal);
  context.run();
  EXPECT_NE(kill(pid_in(pid_file), 0), 0) << "killed and reaped";
}

}  // namespace
}  // namespace redactd::test
