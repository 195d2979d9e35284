#include "daemon/pipeline/self_check.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include <memory>
#include <string_view>
#include <utility>

#include "tests/testing/generation.h"
#include "tests/testing/run_until.h"

namespace redactd::test {
namespace {

/// Looks at what it would have sent, as every sink does, or at nothing.
class LookingSink : public Sink {
 public:
  explicit LookingSink(bool sees_it) : Sink(SinkConfig{}), sees_it_(sees_it) {}

  void push(Batch batch) override {
    (*batch.canary)(sees_it_ ? std::string_view(batch.encoded->bytes) : std::string_view());
  }
  void when_room(std::function<void()> wake) override { wake(); }
  void close(std::chrono::steady_clock::time_point, std::function<void()> done) override { done(); }

 private:
  const bool sees_it_;
};

class SelfCheckTest : public ::testing::Test {
 protected:
  SelfCheckTest() { worker.start(generation_to(sink(true), builtin(), metrics)); }
  ~SelfCheckTest() override { worker.join(); }

  static std::shared_ptr<Sink> sink(bool sees_it) { return std::make_shared<LookingSink>(sees_it); }

  /// One run, to as many verdicts as there are sinks.
  void check(const std::vector<std::shared_ptr<Sink>>& sinks, Rules rules) {
    auto generation =
        std::make_shared<Generation>(*generation_to(sinks.front(), std::move(rules), metrics));
    for (size_t i = 1; i < sinks.size(); ++i) generation->routes[0].add(sinks[i]);
    std::atomic<bool> pushed{false};
    self_check.run(worker, generation);
    asio::post(worker.context(), [&] { pushed = true; });
    ASSERT_TRUE(run_until(control, [&] { return pushed.load(); }));
    control.restart();
    control.poll();
  }

  asio::io_context control;
  Metrics metrics{1};
  Log log{LogConfig{}, std::make_shared<spdlog::sinks::null_sink_mt>(),
          [] { return std::chrono::steady_clock::now(); }};
  int escapes = 0;
  SelfCheck self_check{control, metrics.control(), 0, [this] { ++escapes; }};
  Worker worker{0, metrics.worker(0), log};
};

TEST_F(SelfCheckTest, PassesWhereEverySinkGetsTheMask) {
  check({sink(true), sink(true)}, builtin());
  EXPECT_TRUE(self_check.passed());
  EXPECT_EQ(escapes, 0);
  EXPECT_EQ(metrics.control().canary_runs.get(), 1u);
}

TEST_F(SelfCheckTest, OneSinkWithoutTheMaskIsEnoughWhateverTheOthersGet) {
  for (bool first_sees_it : {false, true}) {
    check({sink(first_sees_it), sink(!first_sees_it)}, builtin());
    EXPECT_FALSE(self_check.passed());
    EXPECT_EQ(metrics.control().canary_ok.get(), 0u);
  }
}

TEST_F(SelfCheckTest, AnEscapeIsToldOnceARunAndForgottenAfterOneWithout) {
  Rules without_its_rule = known_values({"k4Q-made-up"});
  check({sink(true), sink(true)}, without_its_rule);
  EXPECT_EQ(escapes, 1);
  EXPECT_EQ(metrics.control().canary_escapes.get(), 1u);
  check({sink(true), sink(true)}, builtin());
  EXPECT_TRUE(self_check.passed());
  EXPECT_EQ(metrics.control().canary_ok.get(), 1u);
}

}  // namespace
}  // namespace redactd::test
