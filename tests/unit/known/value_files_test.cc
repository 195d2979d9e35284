#include "daemon/known/value_files.h"

#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;
using Path = KnownValuesConfig::Path;

std::vector<std::string> pairs(const Reading& reading) {
  std::vector<std::string> all;
  for (const FoundValue& found : reading.values)
    all.push_back(found.known.name + "=" + std::string(found.known.value.view()));
  return all;
}

std::vector<std::string> reasons(const Reading& reading) {
  std::vector<std::string> all;
  for (const FoundTrouble& trouble : reading.troubles) all.push_back(trouble.reason);
  return all;
}

Reading read(const std::string& path, Path::Format format = Path::Format::automatic,
             std::vector<std::string> names = {}) {
  return read_value_path({path, format, std::move(names)}, 1000);
}

using Pairs = std::vector<std::string>;

TEST(ValueFiles, AFileIsOneValueWithoutItsLastNewline) {
  TempDir dir;
  EXPECT_EQ(pairs(read(dir.write("db", "made-up\n"))), Pairs{"db=made-up"});
  EXPECT_EQ(pairs(read(dir.write("db", "made-up\r\n"))), Pairs{"db=made-up"});
  EXPECT_EQ(pairs(read(dir.write("db", "one\ntwo\n\n"))), Pairs{"db=one\ntwo\n"});
  EXPECT_EQ(pairs(read(dir.write("db", ""))), Pairs{});
  EXPECT_EQ(read(dir.path("db")).troubles, std::vector<FoundTrouble>{});
}

TEST(ValueFiles, AByteOrderMarkIsNoPartOfAValue) {
  TempDir dir;
  EXPECT_EQ(pairs(read(dir.write("db", "\xef\xbb\xbfmade-up\r\n"))), Pairs{"db=made-up"});
  EXPECT_EQ(pairs(read(dir.write("db", "\xef\xbb\xbfone\ntwo\n"), Path::Format::lines)),
            (Pairs{"db=one", "db=two"}));
}

TEST(ValueFiles, AFolderIsAValueForEachFile) {
  TempDir dir;
  dir.write("db/password", "made-up one");
  dir.write("token", "made-up two");
  dir.write(".hidden", "made-up three");
  EXPECT_EQ(pairs(read(dir.path())),
            (Pairs{".hidden=made-up three", "db.password=made-up one", "token=made-up two"}));
}

TEST(ValueFiles, AKubernetesMountIsReadOnce) {
  TempDir dir;
  dir.write("..2026_01/password", "made-up one");
  dir.write("..2026_01/sub/key", "made-up two");
  fs::create_symlink("..2026_01", dir.path("..data"));
  fs::create_symlink("..data/password", dir.path("password"));
  fs::create_symlink("..data/sub", dir.path("sub"));
  EXPECT_EQ(pairs(read(dir.path())), (Pairs{"password=made-up one", "sub.key=made-up two"}));
}

TEST(ValueFiles, LinesAreValuesEach) {
  TempDir dir;
  EXPECT_EQ(pairs(read(dir.write("list", "one one\r\n\ntwo two"), Path::Format::lines)),
            (Pairs{"list=one one", "list=two two"}));
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "made-up " + std::to_string(i) + "\n";
  EXPECT_EQ(
      read_value_path({dir.write("many", many), Path::Format::lines, {}}, 100'000).values.size(),
      100'000u)
      << "a list may be longer than a value";
}

TEST(ValueFiles, OfADotenvFileSecretsAreTaken) {
  TempDir dir;
  std::string file = dir.write(".env", "PORT=80801234\nDB_PASSWORD=made-up\nAPP_NAME=something\n");
  EXPECT_EQ(pairs(read(file)), Pairs{"DB_PASSWORD=made-up"});
  EXPECT_EQ(pairs(read(file, Path::Format::automatic, {"APP_*"})), Pairs{"APP_NAME=something"});
  EXPECT_EQ(pairs(read(file, Path::Format::dotenv, {"*"})).size(), 3u);
  EXPECT_EQ(pairs(read(dir.write("prod.env", "A_TOKEN=made-up"))), Pairs{"A_TOKEN=made-up"});
}

TEST(ValueFiles, APasswordInAUrlIsAValueToo) {
  TempDir dir;
  std::string file = dir.write("DATABASE_URL", "postgres://app:made%2Dup@db:5432/app?x=a@b\n");
  EXPECT_EQ(pairs(read(file)), (Pairs{"DATABASE_URL=postgres://app:made%2Dup@db:5432/app?x=a@b",
                                      "DATABASE_URL=made-up"}));
  EXPECT_EQ(pairs(read(dir.write("URL", "redis://:a@b@host"))),
            (Pairs{"URL=redis://:a@b@host", "URL=a@b"}));
  EXPECT_EQ(pairs(read(dir.write("URL", "https://host:8080/a@b"))),
            Pairs{"URL=https://host:8080/a@b"});
}

TEST(ValueFiles, WhatIsNoTextOrTooLargeIsLeftOut) {
  TempDir dir;
  Reading binary = read(dir.write("binary", std::string("made\0up", 7)));
  EXPECT_EQ(pairs(binary), Pairs{});
  EXPECT_EQ(reasons(binary), std::vector<std::string>{"is no text and is left out"});
  EXPECT_EQ(pairs(read(dir.write("fits", std::string(1 << 20, 'x')))).size(), 1u);
  Reading large = read(dir.write("large", std::string((1 << 20) + 1, 'x')));
  EXPECT_EQ(pairs(large), Pairs{});
  EXPECT_EQ(reasons(large), std::vector<std::string>{"is larger than 1 MiB and is left out"});
}

TEST(ValueFiles, AFifoHoldsNobody) {
  TempDir dir;
  ASSERT_EQ(mkfifo(dir.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(reasons(read(dir.path("fifo"))),
            std::vector<std::string>{"is neither a file nor a folder"});
  EXPECT_EQ(pairs(read(dir.path())), Pairs{});
}

TEST(ValueFiles, WhatIsNotThereIsTrouble) {
  TempDir dir;
  Reading missing = read(dir.path("nothing"));
  EXPECT_EQ(reasons(missing),
            std::vector<std::string>{"cannot be read: No such file or directory"});
  EXPECT_TRUE(missing.unread.empty()) << "its values are gone";
  fs::create_symlink("nowhere", dir.path("dangling"));
  EXPECT_TRUE(read(dir.path()).troubles.empty()) << "in a folder it is on its way";
}

TEST(ValueFiles, WhatCannotBeReadKeepsItsValues) {
  TempDir dir;
  std::string file = dir.write("db", "made-up");
  fs::permissions(file, fs::perms::none);
  fs::permissions(dir.path(), fs::perms::all);
  setfsuid(65534);  // root may read everything
  Reading reading = read(file);
  setfsuid(geteuid());
  EXPECT_EQ(reading.unread, std::vector<std::string>{"file " + file});
}

TEST(ValueFiles, AFolderWhoseNamesCannotBeReadKeepsItsValues) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t ended;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  // Of a process that has ended and still has its number this folder opens and cannot be listed.
  const std::string folder = "/proc/" + std::to_string(child) + "/net";
  Reading reading = read(folder);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(reading.unread, std::vector<std::string>{"file " + folder});
  EXPECT_EQ(reasons(reading), std::vector<std::string>{"cannot be read: Invalid argument"});
}

TEST(ValueFiles, LinksThatGoRoundEnd) {
  TempDir dir;
  dir.write("db", "made-up");
  fs::create_symlink(".", dir.path("again"));
  const size_t values = pairs(read(dir.path())).size();
  EXPECT_GE(values, 1u);
  EXPECT_LE(values, 10u);
}

TEST(ValueFiles, NoMoreThanAskedFor) {
  TempDir dir;
  for (int i = 0; i < 20; ++i) dir.write(std::to_string(i), "made-up " + std::to_string(i));
  EXPECT_EQ(read_value_path({dir.path(), Path::Format::automatic, {}}, 5).values.size(), 5u);
}

}  // namespace
}  // namespace redactd::test
