#include "daemon/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The value of a series as text() prints it; `absent` if it does not.
std::string value(const Metrics& metrics, const std::string& series) {
  std::istringstream lines(metrics.text());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
  }
  return "absent";
}

/// Everything that has a label in use.
std::unique_ptr<Metrics> full_metrics() {
  auto metrics = std::make_unique<Metrics>(2);
  metrics->show({"edge", "files"}, {"central"});
  metrics->sink("central").spool_max_bytes.set(1);  // it has a spool
  metrics->redactions("github-pat", 0).add(3);
  return metrics;
}

TEST(Metrics, SumsTheWorkers) {
  Metrics metrics(3);
  metrics.source("edge", 0).bytes.add(100);
  metrics.source("edge", 2).bytes.add(23);
  metrics.source("other", 1).bytes.add(7);
  metrics.worker(0).masked_whole.add();
  metrics.worker(1).masked_whole.add();
  metrics.redactions("github-pat", 0).add(2);
  metrics.redactions("github-pat", 1).add(3);
  EXPECT_EQ(value(metrics, R"(redactd_source_received_bytes_total{source="edge"})"), "123");
  EXPECT_EQ(value(metrics, R"(redactd_source_received_bytes_total{source="other"})"), "7");
  EXPECT_EQ(value(metrics, R"(redactd_records_masked_whole_total{cause="budget"})"), "2");
  EXPECT_EQ(value(metrics, R"(redactd_redactions_total{rule="github-pat"})"), "5");
}

TEST(Metrics, TwoSinksOfOneNameCountTogether) {
  constexpr uint64_t kTimes = 200000;
  Metrics metrics(1);
  SinkCounters& counters = metrics.sink("central");
  auto count = [&counters] {
    for (uint64_t i = 0; i < kTimes; ++i) {
      counters.records.add();
      counters.connected.add();
      counters.connected.subtract(1);
      counters.latency.observe(0.001);
    }
  };
  std::thread before(count);
  count();
  before.join();
  EXPECT_EQ(counters.records.get(), 2 * kTimes);
  EXPECT_EQ(counters.connected.get(), 0u);
  EXPECT_NEAR(counters.latency.sum(), 2 * kTimes * 0.001, 1e-6);
}

TEST(Metrics, WhatIsConfiguredIsThereFromZeroOn) {
  Metrics metrics(2);
  metrics.show({"edge"}, {"central"});
  EXPECT_EQ(value(metrics, R"(redactd_source_received_bytes_total{source="edge"})"), "0");
  EXPECT_EQ(value(metrics, R"(redactd_source_frame_errors_total{source="edge",kind="bad_count"})"),
            "0");
  EXPECT_EQ(value(metrics, R"(redactd_source_frame_errors_total{source="edge",kind="none"})"),
            "absent");
  EXPECT_EQ(
      value(metrics, R"(redactd_sink_dropped_records_total{sink="central",reason="drop_oldest"})"),
      "0");
  EXPECT_EQ(value(metrics, R"(redactd_sink_latency_seconds_count{sink="central"})"), "0");
  EXPECT_EQ(value(metrics, "redactd_unscanned_bytes_total"), "0");
}

TEST(Metrics, WhatAReloadTookOutIsNotShownAndComesBackWithItsCount) {
  Metrics metrics(1);
  metrics.show({"edge"}, {"central"});
  metrics.source("edge", 0).records.add(5);
  metrics.show({"new"}, {"central"});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("\"edge\"")));
  metrics.show({"edge"}, {"central"});
  EXPECT_EQ(value(metrics, R"(redactd_source_received_records_total{source="edge"})"), "5");
}

TEST(Metrics, ASinkThatAReloadTookOutIsShownWhileItDrains) {
  Metrics metrics(1);
  metrics.sink("old").queued_bytes.set(7);
  metrics.show({}, {"new"});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("\"old\"")));
  metrics.drains("old");
  metrics.drains("old");  // one more of that name
  metrics.drained("old");
  EXPECT_EQ(value(metrics, R"(redactd_sink_queued_bytes{sink="old"})"), "7");
  metrics.drained("old");
  EXPECT_THAT(metrics.text(), Not(HasSubstr("\"old\"")));
}

TEST(Metrics, WhatASinkLostThatAReloadTookOutStays) {
  Metrics metrics(1);
  metrics.sink("old").dropped_at_exit_records.add(3);
  metrics.show({}, {"new"});
  EXPECT_EQ(value(metrics, R"(redactd_sink_dropped_records_total{sink="old",reason="exit"})"), "3");
  EXPECT_EQ(value(metrics, R"(redactd_sink_connected{sink="old"})"), "absent");
}

TEST(Metrics, KnownValuesShareALabel) {
  Metrics metrics(1);
  metrics.redactions("known:DB_PASSWORD", 0).add(2);
  metrics.redactions("known", 0).add(1);
  EXPECT_EQ(value(metrics, R"(redactd_redactions_total{rule="known"})"), "3");
  EXPECT_THAT(metrics.text(), Not(HasSubstr("DB_PASSWORD")));
}

TEST(Metrics, TheNumberOfRuleSeriesIsBounded) {
  Metrics metrics(1);
  for (int i = 0; i < 5000; ++i) metrics.redactions("rule-" + std::to_string(i), 0).add();
  EXPECT_EQ(value(metrics, R"(redactd_redactions_total{rule="rule-999"})"), "1");
  EXPECT_EQ(value(metrics, R"(redactd_redactions_total{rule="rule-1000"})"), "absent");
  EXPECT_EQ(value(metrics, R"(redactd_redactions_total{rule="other"})"), "4000");
}

TEST(Metrics, HistogramsAreCumulativeAndEndWithInfinity) {
  Metrics metrics(2);
  metrics.worker(0).scan.observe(0.00002);
  metrics.worker(1).scan.observe(0.0001, 3);  // a bound belongs to its bucket
  metrics.worker(1).scan.observe(100);
  EXPECT_EQ(value(metrics, R"(redactd_scan_duration_seconds_bucket{le="2.5e-05"})"), "1");
  EXPECT_EQ(value(metrics, R"(redactd_scan_duration_seconds_bucket{le="0.0001"})"), "4");
  EXPECT_EQ(value(metrics, R"(redactd_scan_duration_seconds_bucket{le="5"})"), "4");
  EXPECT_EQ(value(metrics, R"(redactd_scan_duration_seconds_bucket{le="+Inf"})"), "5");
  EXPECT_EQ(value(metrics, "redactd_scan_duration_seconds_count"), "5");
  EXPECT_EQ(std::stod(value(metrics, "redactd_scan_duration_seconds_sum")), 100.00032);
}

TEST(Metrics, SaysForHowLongASinkIsDown) {
  Metrics metrics(1);
  auto since = std::chrono::steady_clock::now() - std::chrono::seconds(90);
  auto since_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since.time_since_epoch());
  metrics.sink("central").down_since_ms.set(static_cast<uint64_t>(since_ms.count()));
  EXPECT_NEAR(std::stod(value(metrics, R"(redactd_sink_down_seconds{sink="central"})")), 90, 5);
  metrics.sink("central").down_since_ms.set(0);
  EXPECT_EQ(value(metrics, R"(redactd_sink_down_seconds{sink="central"})"), "0");
  metrics.sink("central").still_since_ms.set(static_cast<uint64_t>(since_ms.count()));
  EXPECT_NEAR(std::stod(value(metrics, R"(redactd_sink_down_seconds{sink="central"})")), 90, 5);
}

TEST(Metrics, AFailedReloadShows) {
  Metrics metrics(1);
  EXPECT_EQ(value(metrics, "redactd_config_last_reload_successful"), "1");
  metrics.control().last_reload_failed.set(1);
  EXPECT_EQ(value(metrics, "redactd_config_last_reload_successful"), "0");
}

TEST(Metrics, TheControlThreadCountsToo) {
  Metrics metrics(1);
  metrics.worker(1).accept_pauses.add();
  metrics.source("edge", 1).connections_refused.add();
  EXPECT_EQ(value(metrics, "redactd_accept_pauses_total"), "1");
  EXPECT_EQ(value(metrics, R"(redactd_source_refused_connections_total{source="edge"})"), "1");
  EXPECT_EQ(value(metrics, R"(redactd_worker_ticks_total{worker="0"})"), "0");
  EXPECT_EQ(value(metrics, R"(redactd_worker_ticks_total{worker="1"})"), "absent");
}

TEST(Metrics, CanBeReadWhileTheyAreWritten) {
  Metrics metrics(1);
  SourceCounters& counters = metrics.source("edge", 0);
  std::thread writer([&] {
    for (int i = 0; i < 100000; ++i) counters.records.add();
  });
  for (int i = 0; i < 10; ++i) metrics.text();
  writer.join();
  EXPECT_EQ(value(metrics, R"(redactd_source_received_records_total{source="edge"})"), "100000");
}

/// Where tests/peers.sh puts it, or the system.
std::string promtool() {
  const char* given = std::getenv("REDACTD_PEERS");
  std::string peers = given != nullptr ? given : REDACTD_SOURCE_DIR "/build/peers";
  std::string unpacked = peers + "/usr/bin/promtool";
  if (std::filesystem::exists(unpacked)) return unpacked;
  return std::system("command -v promtool > /dev/null") == 0 ? "promtool" : "";
}

TEST(Metrics, PromtoolHasNothingToSay) {
  std::string tool = promtool();
  if (tool.empty()) GTEST_SKIP() << "promtool is missing; tests/peers.sh fetches it";
  TempDir folder;
  std::string file = folder.write("metrics.txt", full_metrics()->text());
  std::string command = tool + " check metrics < " + file + " > " + file + ".said 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::stringstream said;
  said << std::ifstream(file + ".said").rdbuf();
  EXPECT_EQ(said.str(), "");
}

using Rows = std::set<std::string>;  // `name{label,label} type`

Rows printed_rows() {
  Rows rows;
  std::map<std::string, std::string> types;
  std::istringstream lines(full_metrics()->text());
  const std::regex type("# TYPE (\\S+) (\\S+)");
  const std::regex series("([a-z_]+)(?:\\{(.*)\\})? \\S+");
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, type)) types[match[1]] = match[2];
    if (line.starts_with("#") || !std::regex_match(line, match, series)) continue;
    std::string name = match[1];
    std::string labels = std::regex_replace(match[2].str(), std::regex("=\"[^\"]*\""), "");
    if (!types.contains(name)) {  // a part of a histogram
      if (!name.ends_with("_count")) continue;
      name.resize(name.size() - 6);
    }
    rows.insert(name + " | " + types[name] + " | " + labels);
  }
  return rows;
}

Rows documented_rows() {
  Rows rows;
  std::ifstream page(REDACTD_SOURCE_DIR "/docs/metrics.md");
  const std::regex row(R"(\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|.*)");
  std::smatch match;
  for (std::string line; std::getline(page, line);) {
    if (!std::regex_match(line, match, row)) continue;
    std::string labels = std::regex_replace(match[3].str(), std::regex("[ `]"), "");
    rows.insert(match[1].str() + " | " + match[2].str() + " | " + labels);
  }
  return rows;
}

TEST(Metrics, TheDocumentedOnesAreThePrintedOnes) {
  EXPECT_THAT(documented_rows(), testing::ContainerEq(printed_rows()));
}

}  // namespace
}  // namespace redactd::test
