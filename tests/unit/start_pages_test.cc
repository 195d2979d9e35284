#include "daemon/process/start_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "config/rules/builtin_pack.h"

namespace redactd::test {
namespace {

/// KiB of pages of files that are mapped in.
size_t mapped_of_files() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssFile:")) return std::stoul(line.substr(sizeof("RssFile:") - 1));
  }
  return 0;
}

std::vector<std::string> databases() {
  std::vector<std::string> all;
  for (const EmbeddedDatabase& database : builtin_databases())
    all.emplace_back(database.bytes.begin(), database.bytes.end());
  return all;
}

TEST(StartPages, AreNoPartOfTheMemoryInUseAnyMore) {
  ASSERT_FALSE(databases().empty());
  const size_t before = mapped_of_files();
  let_go_of_start_pages();
  EXPECT_LT(mapped_of_files(), before / 2);
}

TEST(StartPages, HoldTheSameBytesForWhoReadsThemAgain) {
  const std::vector<std::string> before = databases();
  let_go_of_start_pages();
  EXPECT_TRUE(before == databases());
}

}  // namespace
}  // namespace redactd::test
