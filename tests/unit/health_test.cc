#include "daemon/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <chrono>
#include <memory>
#include <sstream>
#include <thread>

namespace redactd::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    config_.sinks.resize(2);
    config_.sinks[0].name = "central";
    config_.sinks[1].name = "archive";
    config_.sources.resize(1);
    config_.sources[0].name = "syslog";
    config_.ready_grace = milliseconds(20);
  }

  void look_at_working_workers(int times) {
    for (int i = 0; i < times; ++i) {
      for (size_t worker : {0, 1}) metrics_.worker(worker).loop_ticks.add();
      health_.look();
    }
  }
  void look_while_the_second_worker_hangs(int times) {
    for (int i = 0; i < times; ++i) {
      metrics_.worker(0).loop_ticks.add();
      health_.look();
    }
  }
  void wait_longer_than_the_grace() const {
    std::this_thread::sleep_for(config_.ready_grace + milliseconds(5));
  }

  DaemonConfig config_;
  Metrics metrics_{2};
  std::ostringstream logged_;
  Log log_{LogConfig{}, std::make_shared<spdlog::sinks::ostream_sink_mt>(logged_),
           [] { return std::chrono::steady_clock::now(); }};
  Health health_{config_, 2, metrics_, log_};
};

TEST_F(HealthTest, IsGoodWhereNothingIsWrong) {
  look_at_working_workers(20);
  EXPECT_TRUE(health_.workers_answer());
  EXPECT_THAT(health_.unhealthy(), IsEmpty());
  EXPECT_THAT(health_.not_ready(), IsEmpty());
}

TEST_F(HealthTest, AWorkerThatIsSilentForTenLooksDoesNotAnswerUntilItMoves) {
  look_at_working_workers(1);
  look_while_the_second_worker_hangs(9);
  EXPECT_THAT(health_.unhealthy(), IsEmpty());
  look_while_the_second_worker_hangs(1);
  EXPECT_FALSE(health_.workers_answer());
  EXPECT_THAT(health_.unhealthy(), ElementsAre("a worker does not answer"));
  look_at_working_workers(1);
  EXPECT_TRUE(health_.workers_answer());
  EXPECT_THAT(health_.unhealthy(), IsEmpty());
}

TEST_F(HealthTest, ASourceThatFailedOnAnyWorkerIsUnhealthyAndNotReady) {
  metrics_.source("syslog", 1).failed_streams.add();
  EXPECT_TRUE(health_.has_failed("syslog"));
  EXPECT_FALSE(health_.has_failed("another"));
  const char* reason = "source 'syslog' has failed: what comes is not read before a restart";
  EXPECT_THAT(health_.unhealthy(), ElementsAre(reason));
  EXPECT_THAT(health_.not_ready(), ElementsAre(reason));
}

TEST_F(HealthTest, ASinkThatIsDownCountsOnceTheGraceIsOver) {
  config_.ready_grace = std::chrono::hours(1);
  metrics_.sink("central").note_down();
  EXPECT_THAT(health_.not_ready(), IsEmpty());
  config_.ready_grace = milliseconds(20);
  wait_longer_than_the_grace();
  EXPECT_THAT(health_.not_ready(), ElementsAre("sink 'central' is down"));
  EXPECT_THAT(health_.unhealthy(), IsEmpty()) << "a restart would not help";
}

TEST_F(HealthTest, ASinkThatGetsRidOfNothingIsToldOnceAndWhenItMovesAgain) {
  metrics_.sink("archive").queued_bytes.set(100);
  health_.look();
  for (int i = 0; i < 2; ++i) {
    wait_longer_than_the_grace();
    health_.look();
  }
  EXPECT_THAT(health_.not_ready(),
              ElementsAre("sink 'archive' gets rid of nothing: the other end does not read"));
  const std::string told = logged_.str();
  EXPECT_THAT(told, HasSubstr("gets rid of nothing"));
  EXPECT_EQ(told.find("gets rid of nothing"), told.rfind("gets rid of nothing"));
  metrics_.sink("archive").queued_bytes.set(0);
  health_.look();
  EXPECT_THAT(health_.not_ready(), IsEmpty());
  EXPECT_THAT(logged_.str(), HasSubstr("gets rid of records again"));
}

TEST_F(HealthTest, ASpoolThatFailsOrIsFullIsNotReady) {
  metrics_.sink("central").spool_failing.set(1);
  metrics_.sink("archive").spool_full.set(1);
  EXPECT_THAT(health_.not_ready(), ElementsAre("the disk of the spool of sink 'central' fails",
                                               "the spool of sink 'archive' is full"));
}

}  // namespace
}  // namespace redactd::test
