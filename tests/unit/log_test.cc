#include "daemon/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <type_traits>
#include <vector>

namespace redactd::test {
namespace {

using Level = LogConfig::Level;
using Format = LogConfig::Format;

// A plain string is no log value: payload cannot get into the log without being called a name.
static_assert(!std::is_convertible_v<std::string, LogValue>);
static_assert(!std::is_convertible_v<std::string_view, LogValue>);
static_assert(!std::is_convertible_v<const char*, LogValue>);
static_assert(!std::is_convertible_v<char, LogValue>);
static_assert(!std::is_convertible_v<std::string, LogLiteral>);
static_assert(!std::is_convertible_v<const char*, LogLiteral>);

struct Written {
  explicit Written(LogConfig config = {Level::info, Format::text})
      : log(config, std::make_shared<spdlog::sinks::ostream_sink_mt>(out), [this] { return now; }) {
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream in(out.str());
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  std::ostringstream out;
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  Log log;
};

TEST(Log, TextHasUtcTimeLevelMessageAndFields) {
  Written written;
  written.log.warning(
      "connection closed",
      {{"source", configured("edge")}, {"cause", "bad_count"}, {"bytes", 12u}, {"change", -3}});
  ASSERT_EQ(written.lines().size(), 1u);
  EXPECT_THAT(written.lines()[0],
              testing::MatchesRegex("20..-..-..T..:..:..\\....Z warning connection closed "
                                    "source=edge cause=bad_count bytes=12 change=-3"));
}

TEST(Log, JsonIsOneObjectALine) {
  Written written({Level::info, Format::json});
  written.log.error("cannot read",
                    {{"path", configured("/a \"b\"\n\xff")}, {"ok", false}, {"size", 7}});
  ASSERT_EQ(written.lines().size(), 1u);
  auto object = nlohmann::json::parse(written.lines()[0]);
  EXPECT_EQ(object["level"], "error");
  EXPECT_EQ(object["message"], "cannot read");
  EXPECT_EQ(object["path"], "/a \"b\"\n\xef\xbf\xbd");
  EXPECT_EQ(object["ok"], false);
  EXPECT_EQ(object["size"], 7);
  EXPECT_THAT(object["time"].get<std::string>(), testing::EndsWith("Z"));
}

TEST(Log, JournaldTakesThePriorityFromThePrefixAndKeepsItsOwnTime) {
  Written written({Level::trace, Format::journald});
  written.log.error("a");
  written.log.warning("b");
  written.log.info("c");
  written.log.debug("d");
  written.log.trace("e");
  EXPECT_THAT(written.lines(), testing::ElementsAre("<3>a", "<4>b", "<6>c", "<7>d", "<7>e"));
}

TEST(Log, ValuesCannotForgeLinesNorActOnATerminal) {
  Written written({Level::info, Format::journald});
  written.log.info("m", {{"peer", peer("a\n<0>b\x1b[31m\r\x7f")},
                         {"path", configured("")},
                         {"name", label("x=y z")}});
  EXPECT_THAT(written.lines(),
              testing::ElementsAre(R"(<6>m peer="a\n<0>b\x1b[31m\x0d\x7f" path="" name="x=y z")"));
}

TEST(Log, SaysWhatTheSystemSaysOfAnError) {
  Written written({Level::info, Format::journald});
  written.log.info("m", {{"error", std::make_error_code(std::errc::address_in_use)}});
  EXPECT_THAT(written.lines(), testing::ElementsAre(R"(<6>m error="Address already in use")"));
}

TEST(Log, LevelsBelowTheConfiguredOneAreNotWritten) {
  Written written({Level::warning, Format::journald});
  written.log.info("no");
  EXPECT_FALSE(written.log.writes(Level::info));
  EXPECT_TRUE(written.log.writes(Level::error));
  written.log.configure({Level::debug, Format::journald});
  written.log.debug("yes");
  EXPECT_THAT(written.lines(), testing::ElementsAre("<7>yes"));
}

TEST(Log, AMessageThatComesOftenIsHeldBackAndItsNumberReported) {
  Written written({Level::info, Format::journald});
  for (int i = 0; i < 25; ++i) written.log.warning("refused", {{"n", i}});
  written.log.info("another kind");
  EXPECT_EQ(written.lines().size(), Log::kBurst + 1);
  written.now += Log::kWindow;
  written.log.report_suppressed();
  EXPECT_EQ(written.lines().back(), "<4>refused suppressed=15");
  written.log.report_suppressed();
  EXPECT_EQ(written.lines().size(), Log::kBurst + 2) << "a number is reported once";
  written.log.warning("refused", {{"n", 99}});
  EXPECT_EQ(written.lines().back(), "<4>refused n=99");
}

TEST(Log, ThreadsDoNotMixTheirLines) {
  Written written({Level::debug, Format::journald});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) written.log.debug("tick", {{"value", 1234567}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(written.lines().size(), 800u);
  EXPECT_THAT(written.lines(), testing::Each("<7>tick value=1234567"));
}

}  // namespace
}  // namespace redactd::test
