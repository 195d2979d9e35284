// Every file of data/bad_configs says in its first lines what is wrong with it.

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "config/daemon/daemon_config.h"
#include "tests/testing/expected_errors.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;

const std::string kFolder = std::string(REDACTD_SOURCE_DIR) + "/tests/data/bad_configs/";

/// The configuration's errors and the rules' in one go, as check, start and reload find them.
std::vector<std::string> reported_for(const std::string& file) {
  Diagnostics diagnostics;
  DaemonConfig config = load_daemon_config(file, diagnostics);
  if (diagnostics.empty()) build_rule_set(config.settings, diagnostics);
  std::vector<std::string> reported;
  std::istringstream lines(diagnostics.text());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kFolder)) line = line.substr(kFolder.size());
    if (line.starts_with(fs::path(file).filename().string() + ":"))
      line = line.substr(line.find(':') + 1);
    reported.push_back(line);
  }
  return reported;
}

class BadConfigs : public ::testing::TestWithParam<std::string> {};

TEST_P(BadConfigs, AreReportedAllAtOnceWithTheirPlaces) {
  std::vector<std::string> expected = expected_errors(kFolder + GetParam());
  ASSERT_FALSE(expected.empty()) << "the file names no expectation";
  EXPECT_EQ(reported_for(kFolder + GetParam()), expected);
}

INSTANTIATE_TEST_SUITE_P(Loader, BadConfigs, ::testing::ValuesIn(bad_files(kFolder)),
                         [](const auto& tested) { return test_name(tested.param); });

}  // namespace
}  // namespace redactd::test
