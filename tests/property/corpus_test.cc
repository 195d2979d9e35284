// Real logs and the example secrets of public scanners, when they are there (../shared).

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "filters/known/known.h"
#include "tests/testing/all_splits.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const std::string& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry :
       fs::directory_iterator(std::string(REDACTD_SHARED_DIR) + "/" + folder, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string contents(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(RealLogs, LoseNothingAndAreHardlyMasked) {
  std::vector<fs::path> files = files_in("logs");
  if (files.empty()) GTEST_SKIP() << "no real logs in " << REDACTD_SHARED_DIR << "/logs";
  size_t lines = 0;
  size_t masked = 0;
  for (const fs::path& file : files) {
    std::string text = contents(file);
    std::string redacted = redact(text);
    std::istringstream before(text);
    std::istringstream after(redacted);
    std::string left;
    std::string right;
    while (std::getline(before, left)) {
      ASSERT_TRUE(std::getline(after, right)) << file;
      ++lines;
      if (left == right) continue;
      ++masked;
      std::printf("masked in %s: %s\n", file.filename().c_str(), right.c_str());
    }
    ASSERT_FALSE(std::getline(after, right)) << file;
  }
  std::printf("%zu of %zu lines of real logs masked\n", masked, lines);
  EXPECT_LE(masked, 3u);
}

TEST(RealLogs, ComeOutTheSameUnderEverySplit) {
  std::vector<fs::path> files = files_in("logs");
  if (files.empty()) GTEST_SKIP() << "no real logs in " << REDACTD_SHARED_DIR << "/logs";
  for (const fs::path& file : files) {
    std::string text = contents(file);
    expect_same_under_random_cuts(text, builtin(), {}, 2);
    expect_same_under_every_cut(text.substr(0, 300));
  }
}

// ---- ../shared/corpus/dev: what is masked of the examples of public scanners

/// For rows whose marked secret takes in its key or quotes: the value proper.
std::string value_of(const std::string& secret) {
  size_t begin = secret.find_last_of("=: ");
  std::string value = begin == std::string::npos ? secret : secret.substr(begin + 1);
  while (!value.empty() &&
         std::string_view("\"'`,;)}]").find(value.back()) != std::string_view::npos)
    value.pop_back();
  while (!value.empty() &&
         std::string_view("\"'`([{").find(value.front()) != std::string_view::npos)
    value.erase(0, 1);
  return value.empty() ? secret : value;
}

/// Of a secret over several lines every line has to go; a marker or a short rest is no secret.
bool is_gone(const std::string& redacted, const std::string& secret) {
  if (redacted.find(secret) == std::string::npos) {
    if (secret.find('\n') == std::string::npos) return true;
    std::istringstream lines(secret);
    for (std::string line; std::getline(lines, line);) {
      if (line.size() >= 40 && line.find("-----") == std::string::npos &&
          redacted.find(line) != std::string::npos)
        return false;
    }
    return true;
  }
  return false;
}

struct Score {
  size_t secrets = 0;
  size_t masked = 0;
  size_t on_line = 0;  // whose own line is enough to see them
  size_t on_line_masked = 0;
  size_t keeps = 0;  // nothing secret-looking in them
  size_t false_masks = 0;

  static double share(size_t part, size_t all) {
    return all == 0 ? 1 : static_cast<double>(part) / static_cast<double>(all);
  }
  double recall() const { return share(masked, secrets); }
  double line_recall() const { return share(on_line_masked, on_line); }
};

Score score(const fs::path& file) {
  Score result;
  std::ifstream rows(file);
  for (std::string row; std::getline(rows, row);) {
    nlohmann::json entry = nlohmann::json::parse(row, nullptr, false);
    if (entry.is_discarded() || !entry.contains("expect")) continue;
    std::string text = entry["text"].get<std::string>();
    std::string redacted = redact(text);
    if (entry["expect"] == "keep") {
      if (entry.value("strength", "") != "hard") continue;
      ++result.keeps;
      result.false_masks += redacted != text;
      continue;
    }
    if (entry.value("class", "secret") != "secret" || !entry["secret"].is_string()) continue;
    std::string secret = entry["secret"].get<std::string>();
    if (entry.value("loose", false)) secret = value_of(secret);
    bool gone = is_gone(redacted, secret);
    ++result.secrets;
    result.masked += gone;
    if (!entry.value("line_ok", true)) continue;
    ++result.on_line;
    result.on_line_masked += gone;
  }
  return result;
}

TEST(DevCorpus, RecallStaysWhereItIs) {
  std::vector<fs::path> files = files_in("corpus/dev");
  if (files.empty()) GTEST_SKIP() << "no corpus in " << REDACTD_SHARED_DIR << "/corpus/dev";
  // A little under what was reached when this was last looked at; raise them with the pack.
  const std::map<std::string, double> floors = {
      {"detect-secrets", 0.72},          {"gitleaks", 0.99},   {"leaky-repo", 0.91},
      {"redact-secret-benchmarks", 1.0}, {"secretlint", 0.95}, {"url-credentials", 1.0}};
  std::printf("%-28s %8s %8s %10s %18s\n", "source", "secrets", "recall", "line_ok",
              "false masks (hard)");
  for (const fs::path& file : files) {
    std::string source = file.stem().string();
    if (source == "streaming_masker_cases") continue;
    Score reached = score(file);
    std::printf("%-28s %8zu %7.1f%% %9.1f%% %10zu of %zu\n", source.c_str(), reached.secrets,
                100 * reached.recall(), 100 * reached.line_recall(), reached.false_masks,
                reached.keeps);
    auto floor = floors.find(source);
    if (floor == floors.end()) continue;
    EXPECT_GT(reached.on_line, 0u) << source;
    EXPECT_GE(reached.line_recall(), floor->second) << source;
  }
}

/// Cases of known-value maskers, written in the chunks of their tests. No needle that we take may
/// survive.
TEST(DevCorpus, NoNeedleOfOtherMaskersTestsSurvives) {
  std::ifstream rows(std::string(REDACTD_SHARED_DIR) + "/corpus/dev/streaming_masker_cases.jsonl");
  if (!rows) GTEST_SKIP() << "no streaming cases in " << REDACTD_SHARED_DIR << "/corpus/dev";
  size_t cases = 0;
  for (std::string row; std::getline(rows, row);) {
    nlohmann::json entry = nlohmann::json::parse(row);
    std::vector<std::string> needles;
    for (const auto& needle : entry["needles"]) {
      std::string value = needle.get<std::string>();
      if (refuse_known(value).empty()) needles.push_back(value);
    }
    if (needles.empty()) continue;
    ++cases;
    std::string text;
    std::vector<size_t> cuts;
    for (const auto& chunk : entry["chunks"]) {
      text += chunk.get<std::string>();
      cuts.push_back(text.size());
    }
    std::string redacted = redact_in_chunks(text, cuts, known_values(needles));
    for (const std::string& needle : needles) {
      EXPECT_EQ(redacted.find(needle), std::string::npos)
          << entry["id"] << " gave " << redacted.substr(0, 300);
    }
  }
  std::printf("%zu cases with needles\n", cases);
}

}  // namespace
}  // namespace redactd::test
