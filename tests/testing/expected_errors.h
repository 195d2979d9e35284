#pragma once

// Files that are wrong, and say in their first lines how: `# expect: 7:5: rules[0].pattern: …`.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace redactd::test {

/// The names of the YAML files of a folder of tests/data, in order.
inline std::vector<std::string> bad_files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What is said to be wrong with the file.
inline std::vector<std::string> expected_errors(const std::string& file) {
  std::vector<std::string> expected;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kMark = "# expect: ";
    if (line.starts_with(kMark)) expected.push_back(line.substr(kMark.size()));
  }
  return expected;
}

/// A file's name as a part of its test's.
inline std::string test_name(const std::string& file) { return file.substr(0, file.find('.')); }

}  // namespace redactd::test
