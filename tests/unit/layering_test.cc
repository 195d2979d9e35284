// ARCHITECTURE.md: arrows daemon → config → filters, daemon → filters, and nothing back. Debian
// keeps all headers on one path, so the build cannot check it.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace redactd::test {
namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;    // filters/mask.cc
  std::string header;  // yaml-cpp/yaml.h
};

std::vector<Include> includes_of(const std::string& folder) {
  const fs::path root = REDACTD_SOURCE_DIR;
  std::vector<Include> all;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    std::string extension = entry.path().extension().string();
    if (extension != ".h" && extension != ".cc") continue;
    std::ifstream lines(entry.path());
    for (std::string line; std::getline(lines, line);) {
      size_t at = line.find_first_not_of(" \t");
      if (at == std::string::npos || line[at] != '#') continue;
      size_t word = line.find("include", at);
      size_t open = line.find_first_of("<\"", at);
      size_t close = open == std::string::npos ? open : line.find_first_of(">\"", open + 1);
      if (word == std::string::npos || close == std::string::npos) continue;
      all.push_back(
          {fs::relative(entry.path(), root).string(), line.substr(open + 1, close - open - 1)});
    }
  }
  EXPECT_FALSE(all.empty()) << folder;
  return all;
}

void expect_none(const std::string& folder, const std::vector<std::string>& forbidden) {
  for (const Include& include : includes_of(folder)) {
    // A key's pages: what they are is the kernel's to know, and no input or output.
    if (include.file == "filters/locked_bytes.cc" && include.header == "sys/mman.h") continue;
    for (const std::string& prefix : forbidden) {
      EXPECT_FALSE(include.header.starts_with(prefix))
          << include.file << " includes " << include.header;
    }
  }
}

TEST(Layering, FiltersKnowNothingOfTheWorld) {
  expect_none("filters",
              {"config/",    "daemon/", "boost/",    "asio",    "spdlog/",  "prometheus/",
               "yaml-cpp/",  "CLI/",    "nlohmann/", "toml",    "iostream", "fstream",
               "filesystem", "chrono",  "thread",    "mutex",   "ctime",    "time.h",
               "unistd.h",   "fcntl.h", "sys/",      "cstdio.h"});
}

TEST(Layering, ConfigDoesNotKnowTheDaemon) {
  expect_none("config",
              {"daemon/", "boost/", "asio", "spdlog/", "prometheus/", "CLI/", "nlohmann/"});
}

TEST(Layering, NothingDependsOnTheTests) {
  for (const char* folder : {"filters", "config", "daemon"})
    expect_none(folder, {"tests/", "gtest/", "bench/"});
}

TEST(Layering, OnlyTheMatcherIncludesHyperscan) {
  for (const char* folder : {"filters", "config", "daemon"}) {
    for (const Include& include : includes_of(folder)) {
      if (include.header != "hs.h" && !include.header.starts_with("hs/")) continue;
      EXPECT_EQ(include.file, "filters/matcher/matcher.cc");
    }
  }
}

TEST(Layering, OnlyTheTomlReaderIncludesToml) {
  for (const char* folder : {"filters", "config", "daemon"}) {
    for (const Include& include : includes_of(folder)) {
      if (!include.header.starts_with("toml++")) continue;
      EXPECT_EQ(include.file, "config/toml_reader.h");
    }
  }
}

TEST(Layering, OnlyTheYamlReaderIncludesYamlCpp) {
  for (const char* folder : {"filters", "config", "daemon"}) {
    for (const Include& include : includes_of(folder)) {
      if (!include.header.starts_with("yaml-cpp")) continue;
      EXPECT_TRUE(include.file == "config/yaml_reader.h" || include.file == "config/yaml_reader.cc")
          << include.file;
    }
  }
}

TEST(Layering, EachLibraryOfTheDaemonIsIncludedInOnePlace) {
  const std::pair<const char*, const char*> homes[] = {
      {"spdlog/", "daemon/log.cc"},
      {"prometheus/", "daemon/metrics/scrape.cc"},
      {"systemd/", "daemon/process/notify.cc"},
      {"boost/beast/", "daemon/admin/"},
  };
  for (const Include& include : includes_of("daemon")) {
    for (const auto& [library, home] : homes) {
      if (!include.header.starts_with(library)) continue;
      EXPECT_TRUE(include.file.starts_with(home)) << include.file << " includes " << include.header;
    }
  }
}

}  // namespace
}  // namespace redactd::test
