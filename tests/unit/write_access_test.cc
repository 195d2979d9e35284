// Where the daemon may write. What the kernel does with it is tried in processes of their own.

#include "daemon/process/write_access.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "tests/testing/in_child.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;

SinkConfig file_sink(const std::string& path) {
  SinkConfig sink;
  sink.type = SinkConfig::Type::file;
  sink.path = path;
  return sink;
}

DaemonConfig writing_to(const std::string& path) {
  DaemonConfig config;
  config.sinks = {file_sink(path)};
  return config;
}

bool reaches(const WriteAccess& access, const DaemonConfig& next) {
  std::vector<WrittenPath> paths = written_paths(next);
  return access.out_of_reach(paths) == nullptr;
}

int made(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/// What a process has that may write only where `config` says: 99 where the kernel has no Landlock.
template <typename Body>
int confined(const DaemonConfig& config, Body body) {
  return in_child([&] {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return WriteAccess(config).confine().empty() ? body() : 99;
  });
}

TEST(WriteAccess, KnowsAllThatAConfigurationWrites) {
  DaemonConfig config = writing_to("/log/out");
  config.sinks.emplace_back().spool.directory = "/spool";
  config.sources.emplace_back().position_file = "/state/position";
  config.sources.emplace_back().listen = {Address::Transport::unix_datagram, "", "", "/run/sock"};
  config.sources.emplace_back().listen = {Address::Transport::systemd, "", "", "name"};
  config.known_values.socket = "/run/known";
  std::vector<std::string> paths;
  for (const WrittenPath& written : written_paths(config)) paths.push_back(written.path);
  EXPECT_THAT(paths, testing::UnorderedElementsAre("/log/out", "/spool", "/state/position",
                                                   "/run/sock", "/run/known"));
}

TEST(WriteAccess, IsToTheFolderOfAFileWhereverALinkLeads) {
  TempDir dir;
  fs::create_directory(dir.path("there"));
  fs::create_symlink(dir.path("there/log"), dir.path("link"));
  WriteAccess access(writing_to(dir.path("link")));
  EXPECT_EQ(access.folders(), std::vector<fs::path>{fs::canonical(dir.path("there"))});
}

TEST(WriteAccess, IsToTheNearestFolderOfASpoolThatIsNotThereYet) {
  TempDir dir;
  DaemonConfig config;
  config.sinks.emplace_back().spool.directory = dir.path("new/spool");
  EXPECT_EQ(WriteAccess(config).folders(), std::vector<fs::path>{fs::canonical(dir.path(""))});
  fs::create_directories(dir.path("new/spool"));
  EXPECT_EQ(WriteAccess(config).folders(),
            std::vector<fs::path>{fs::canonical(dir.path("new/spool"))});
}

TEST(WriteAccess, IsToTheWorkingFolderForAPathWithoutOneThatIsNotThereYet) {
  TempDir dir;
  int status = in_child([&] {
    fs::current_path(dir.path(""));
    WriteAccess access(writing_to("new.log"));
    if (access.folders() != std::vector<fs::path>{fs::canonical(dir.path(""))}) return 1;
    return reaches(access, writing_to("newer.log")) ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
}

TEST(WriteAccess, AReloadReachesFoldersThatWereNamedAndNoOthers) {
  TempDir dir;
  fs::create_directory(dir.path("a"));
  fs::create_directory(dir.path("ab"));
  WriteAccess access(writing_to(dir.path("a/one.log")));
  EXPECT_TRUE(reaches(access, writing_to(dir.path("a/two.log"))));
  EXPECT_TRUE(reaches(access, writing_to(dir.path("a/new/two.log"))));
  EXPECT_TRUE(reaches(access, DaemonConfig{}));
  EXPECT_FALSE(reaches(access, writing_to(dir.path("ab/two.log"))));
  EXPECT_FALSE(reaches(access, writing_to(dir.path("two.log"))));
  EXPECT_FALSE(reaches(access, writing_to(dir.path("a/../two.log"))));
  EXPECT_FALSE(reaches(access, writing_to("/dev/null")));
  EXPECT_TRUE(reaches(WriteAccess(writing_to("/dev/null")), writing_to("/dev/null")));
}

TEST(WriteAccess, TheKernelHoldsItToThat) {
  TempDir dir;
  fs::create_directory(dir.path("in"));
  fs::create_directory(dir.path("out"));
  dir.write("out/file", "text");
  int status = confined(writing_to(dir.path("in/log")), [&] {
    if (made(dir.path("in/log")) < 0) return 1;
    if (rename(dir.path("in/log").c_str(), dir.path("in/log.1").c_str()) != 0) return 2;
    if (unlink(dir.path("in/log.1").c_str()) != 0) return 3;
    if (mkdir(dir.path("in/new").c_str(), 0700) != 0) return 4;
    if (made(dir.path("out/new")) >= 0 || errno != EACCES) return 5;
    if (open(dir.path("out/file").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC) >= 0) return 6;
    if (unlink(dir.path("out/file").c_str()) == 0) return 7;
    if (open(dir.path("out/file").c_str(), O_RDONLY | O_CLOEXEC) < 0) return 8;
    char* argv[] = {nullptr};
    execve("/bin/true", argv, argv);
    return errno == EACCES ? 0 : 9;
  });
  if (status == 99) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(status, 0);
}

TEST(WriteAccess, ADeviceIsWrittenToAndNotWhatStandsBesideIt) {
  int status = confined(writing_to("/dev/null"), [] {
    if (made("/dev/null") < 0) return 1;
    return open("/dev/full", O_WRONLY | O_CLOEXEC) < 0 ? 0 : 2;
  });
  if (status == 99) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(status, 0);
}

TEST(WriteAccess, WhatWasOpenStaysSo) {
  TempDir dir;
  int before = made(dir.path("before"));
  int status = confined(DaemonConfig{}, [&] { return write(before, "x", 1) == 1 ? 0 : 1; });
  close(before);
  if (status == 99) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace redactd::test
