// Sinks that connect: order, back-pressure, lost connections, failover, round robin, the end.

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <algorithm>
#include <atomic>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/testing/sink_fixture.h"

namespace {

constexpr const char* kTestName = "aggregator.redactd.test";
enum class NameService { answers, fails, hangs, answers_otherwise };
std::atomic<NameService> name_service{NameService::answers};
std::string other_port;  // of its other answer; to be set before

}  // namespace

/// Stands before the C library's: the test's own name is resolved as the test says.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  using Resolve = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto resolve = reinterpret_cast<Resolve>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node != nullptr && std::string_view(node) == kTestName) {
    while (name_service == NameService::hangs)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (name_service == NameService::fails) return EAI_AGAIN;
    node = "127.0.0.1";
    if (name_service == NameService::answers_otherwise) service = other_port.c_str();
  }
  return resolve(node, service, hints, result);
}

namespace redactd::test {
namespace {

using Kind = SinkEvent::Kind;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct StreamSinkTest : SinkTest {
  std::vector<std::string> numbered(int from, int to, size_t size = 0) {
    std::vector<std::string> records;
    for (int i = from; i < to; ++i) {
      std::string record = std::to_string(i);
      record.resize(std::max(record.size(), size), '.');
      records.push_back(record + "\n");
    }
    return records;
  }
  static std::string join(const std::vector<std::string>& records) {
    std::string all;
    for (const std::string& record : records) all += record;
    return all;
  }
};

TEST_F(StreamSinkTest, WritesInOrderAndCounts) {
  Aggregator aggregator(home);
  config.endpoints = {aggregator.address()};
  start();
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    push(numbered(3 * i, 3 * i + 3));
    all += join(numbered(3 * i, 3 * i + 3));
  }
  UNTIL(aggregator.received() == all);
  UNTIL(counters.records.get() == 3000);
  EXPECT_EQ(counters.bytes.get(), all.size());
  EXPECT_EQ(counters.batches.get(), 1000u);
  EXPECT_EQ(counters.connected.get(), 1u);
  EXPECT_EQ(counters.down_since_ms.get(), 0u);
  EXPECT_EQ(counters.queued_bytes.get(), 0u);
  EXPECT_EQ(aggregator.connections(), 1u);
}

TEST_F(StreamSinkTest, TakesBatchesFromEveryThread) {
  Aggregator aggregator(home);
  config.endpoints = {aggregator.address()};
  start();
  auto produce = [this](uint64_t stream) {
    for (int i = 0; i < 500; ++i) {
      push({std::to_string(stream) + ":" + std::to_string(i) + "\n"}, stream);
    }
  };
  std::thread first(produce, 1);
  std::thread second(produce, 2);
  std::string all;
  for (int i = 0; i < 500; ++i) all += "n:" + std::to_string(i) + "\n";
  UNTIL(aggregator.received().size() == 2 * all.size());
  first.join();
  second.join();
  for (const char* stream : {"1:", "2:"}) {
    std::string expected;
    std::string got;
    for (int i = 0; i < 500; ++i) expected += stream + std::to_string(i) + "\n";
    std::istringstream lines(aggregator.received());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(stream)) got += line + "\n";
    }
    EXPECT_EQ(got, expected);
  }
}

TEST_F(StreamSinkTest, KeepsWhatIsPushedWhileNobodyListens) {
  Aggregator aggregator(home);
  aggregator.stop();
  config.endpoints = {aggregator.address()};
  start();
  push({"one\n"});
  UNTIL(counters.connect_failures.get() >= 3);
  EXPECT_GT(counters.down_since_ms.get(), 0u);
  aggregator.start();
  push({"two\n"});
  UNTIL(aggregator.received() == "one\ntwo\n");
  EXPECT_EQ(times_told(Kind::connect_failed), 1u);  // told once, however often it is tried
  EXPECT_EQ(counters.down_since_ms.get(), 0u);
}

TEST_F(StreamSinkTest, IsFullWhileNobodyReadsAndWakesThoseWhoWait) {
  Aggregator aggregator(home, 4096, false);
  config.endpoints = {aggregator.address()};
  config.queue_bytes = 100'000;
  config.send_buffer = 4096;
  start();
  const std::vector<std::string> records = numbered(0, 100, 99);
  int pushed = 0;
  while (!sink->full()) {
    push(records);
    ++pushed;
    home.restart();
    home.poll();
  }
  int woken = 0;
  sink->when_room([&] { ++woken; });
  UNTIL(counters.queued_bytes.get() >= config.queue_bytes);
  EXPECT_EQ(woken, 0);
  aggregator.read(0);
  UNTIL(woken == 1);
  EXPECT_FALSE(sink->full());
  UNTIL(counters.records.get() == static_cast<uint64_t>(pushed) * 100);
  EXPECT_EQ(woken, 1);
  sink->when_room([&] { ++woken; });
  UNTIL(woken == 2);
}

struct DroppingSinkTest : StreamSinkTest {
  void push_eight_records_while_nobody_listens() {
    aggregator.stop();
    config.endpoints = {aggregator.address()};
    config.queue_bytes = 10;
    start();
    for (const char* i : {"0\n", "1\n", "2\n", "3\n"}) {
      EXPECT_FALSE(sink->full());
      push({std::string("a") + i, std::string("b") + i});
    }
    UNTIL(counters.connect_failures.get() > 0);
    aggregator.start();
  }
  Aggregator aggregator{home};
};

TEST_F(DroppingSinkTest, TheNewestGoAndAreCounted) {
  config.when_full = SinkConfig::WhenFull::drop_newest;
  push_eight_records_while_nobody_listens();
  UNTIL(aggregator.received() == "a0\nb0\na1\nb1\n");
  EXPECT_EQ(counters.dropped_newest_records.get(), 4u);
  EXPECT_EQ(times_told(Kind::queue_drops), 1u);
}

TEST_F(DroppingSinkTest, TheOldestGoAndAreCounted) {
  config.when_full = SinkConfig::WhenFull::drop_oldest;
  push_eight_records_while_nobody_listens();
  UNTIL(aggregator.received() == "a2\nb2\na3\nb3\n");
  EXPECT_EQ(counters.dropped_oldest_records.get(), 4u);
  EXPECT_EQ(times_told(Kind::queue_drops), 1u);
}

TEST_F(StreamSinkTest, NoticesTheEndOfThePeerBeforeItSends) {
  Aggregator aggregator(home);
  config.endpoints = {aggregator.address()};
  start();
  push({"one\n"});
  UNTIL(counters.records.get() == 1);
  aggregator.close(0);
  UNTIL(told(Kind::disconnected));
  push({"two\n"});
  UNTIL(aggregator.received(1) == "two\n");
  EXPECT_EQ(aggregator.received(0), "one\n");
  EXPECT_EQ(counters.reconnects.get(), 1u);
  EXPECT_EQ(counters.write_errors.get(), 0u);
}

TEST_F(StreamSinkTest, NoticesAHalfClosedPeer) {
  Aggregator aggregator(home, 0, false);
  config.endpoints = {aggregator.address()};
  start();
  UNTIL(aggregator.connections() == 1);
  aggregator.client(0).socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send);
  UNTIL(aggregator.connections() == 2);
  push({"two\n"});
  aggregator.read(0);
  aggregator.read(1);
  UNTIL(aggregator.received(1) == "two\n");
  EXPECT_EQ(aggregator.received(0), "");
}

// A record too large for the kernels' buffers is cut at every kind of place.
TEST_F(StreamSinkTest, ARecordCutByAResetComesAgainWhole) {
  const std::string large(600'000, 'x');
  const std::vector<std::string> records = {"first\n", large + "\n", "last\n"};
  for (size_t read :
       {size_t{0}, size_t{3}, size_t{6}, size_t{7}, size_t{100'000}, size_t{500'000}}) {
    SCOPED_TRACE(read);
    Aggregator aggregator(home, 4096, false);
    config.endpoints = {aggregator.address()};
    config.send_buffer = 4096;
    start();
    push(records);
    UNTIL(aggregator.connections() == 1);
    std::string got(read, '\0');
    for (size_t have = 0; have < read;) {
      boost::system::error_code error;
      home.restart();
      home.poll();
      aggregator.client(0).socket.non_blocking(true);
      have += aggregator.client(0).socket.read_some(
          boost::asio::buffer(got.data() + have, read - have), error);
    }
    EXPECT_EQ(got, join(records).substr(0, read));
    aggregator.reset(0);
    UNTIL(aggregator.connections() == 2);
    aggregator.read(1);
    UNTIL(aggregator.received(1).ends_with("last\n"));
    // What had arrived in the peer's kernel may be missing, but only whole records.
    EXPECT_TRUE(aggregator.received(1) == join(records) ||
                aggregator.received(1) == join({records[1], records[2]}))
        << aggregator.received(1).size();
    close();
  }
}

// What stood in our own socket when the connection was lost comes again; what the peer's kernel had
// and its process did not read is lost, and TCP cannot tell.
TEST_F(StreamSinkTest, SendsAgainWhatTheLostSocketHeld) {
  Aggregator aggregator(home, 4096, false);
  config.endpoints = {aggregator.address()};
  config.send_buffer = 400'000;
  start();
  push(numbered(0, 5000, 99));
  UNTIL(aggregator.connections() == 1 && counters.queued_bytes.get() < 250'000);
  aggregator.reset(0);
  UNTIL(aggregator.connections() == 2);
  aggregator.read(1);
  UNTIL(aggregator.received(1).ends_with(numbered(4999, 5000, 99)[0]));
  int first = std::stoi(aggregator.received(1));
  EXPECT_LT(first, 200);
  EXPECT_TRUE(aggregator.received(1) == join(numbered(first, 5000, 99)));
}

TEST_F(StreamSinkTest, FailsOverAndReturnsToTheFirst) {
  Aggregator first(home);
  Aggregator second(home);
  first.stop();
  config.endpoints = {first.address(), second.address()};
  config.return_interval = milliseconds(30);
  config.connect_timeout = milliseconds(100);
  start();
  push({"one\n"});
  UNTIL(second.received() == "one\n");
  first.start();
  UNTIL(told(Kind::returned));
  push({"two\n"});
  UNTIL(first.received() == "two\n");
  UNTIL(second.client(0).ended);
  EXPECT_EQ(second.received(), "one\n");
  EXPECT_EQ(counters.connected.get(), 1u);
}

TEST_F(StreamSinkTest, ReturnsToNoPeerThatHangsUpAtOnce) {
  Aggregator balancer(home);
  Aggregator second(home);
  balancer.stop();
  config.endpoints = {balancer.address(), second.address()};
  config.return_interval = milliseconds(10);
  config.connect_timeout = milliseconds(300);
  start();
  UNTIL(second.connections() == 1);
  balancer.start();
  UNTIL(balancer.connections() == 1);
  push({"one\n"});
  UNTIL(second.received() == "one\n");
  const uint64_t refused = counters.connect_failures.get();
  balancer.close(0);
  UNTIL(balancer.connections() == 2);
  EXPECT_EQ(counters.connect_failures.get(), refused + 1);
  push({"two\n"});
  UNTIL(second.received() == "one\ntwo\n");
  EXPECT_FALSE(told(Kind::returned));
  UNTIL(told(Kind::returned));
  push({"three\n"});
  UNTIL(balancer.received(1) == "three\n");
}

TEST_F(StreamSinkTest, ReturnsAtTheEndOfARecordUnderLoad) {
  Aggregator first(home);
  Aggregator second(home);
  first.stop();
  config.endpoints = {first.address(), second.address()};
  config.return_interval = milliseconds(10);
  config.connect_timeout = milliseconds(100);
  start();
  int next = 0;
  auto keep_pushing = [&] {
    if (counters.queued_bytes.get() < 200'000) push(numbered(next, next + 50, 999)), next += 50;
  };
  auto run_until = [&](const std::function<bool()>& condition) {
    until([&] { return keep_pushing(), condition(); }, "under load");
  };
  run_until([&] { return second.received().size() > 1'000'000; });
  first.start();
  run_until([&] { return first.received().size() > 1'000'000; });
  UNTIL(second.received().size() + first.received().size() == static_cast<size_t>(next) * 1000);
  EXPECT_TRUE(second.received() + first.received() == join(numbered(0, next, 999)));
}

TEST_F(StreamSinkTest, RoundRobinKeepsEachStreamTogether) {
  Aggregator first(home);
  Aggregator second(home);
  config.endpoints = {first.address(), second.address()};
  config.balance = SinkConfig::Balance::round_robin;
  start();
  for (int i = 0; i < 100; ++i) {
    push({"even" + std::to_string(i) + "\n"}, 2);
    push({"odd" + std::to_string(i) + "\n"}, 7);
  }
  std::string even;
  std::string odd;
  for (int i = 0; i < 100; ++i) {
    even += "even" + std::to_string(i) + "\n";
    odd += "odd" + std::to_string(i) + "\n";
  }
  UNTIL(first.received() == even);
  UNTIL(second.received() == odd);
  EXPECT_EQ(counters.connected.get(), 2u);
}

TEST_F(StreamSinkTest, RoundRobinMovesTheStreamsOfADeadEndpoint) {
  Aggregator first(home);
  Aggregator second(home);
  config.endpoints = {first.address(), second.address()};
  config.balance = SinkConfig::Balance::round_robin;
  config.return_interval = milliseconds(20);
  config.connect_timeout = milliseconds(100);
  start();
  push({"a\n"}, 0);
  push({"b\n"}, 1);
  UNTIL(first.received() == "a\n" && counters.records.get() == 2);
  first.stop();
  UNTIL(second.connections() == 2);
  push({"c\n"}, 0);
  push({"d\n"}, 1);
  UNTIL(second.received(0) == "b\nd\n");
  UNTIL(second.received(1) == "c\n");
  first.start();
  UNTIL(told(Kind::returned));
  push({"e\n"}, 0);
  UNTIL(first.received(1) == "e\n");
}

struct ResolvingSinkTest : StreamSinkTest {
  ~ResolvingSinkTest() override {
    if (sink) close(milliseconds(0));
    name_service = NameService::answers;
  }
  void start_by_name() {
    config.endpoints = {{Address::Transport::tcp, kTestName, aggregator.address().port, ""}};
    start();
    push({"one\n"});
  }
  Aggregator aggregator{home};
};

TEST_F(ResolvingSinkTest, ResolvesANameUntilItSucceeds) {
  name_service = NameService::fails;
  start_by_name();
  UNTIL(counters.connect_failures.get() >= 2);
  EXPECT_THAT(events.front().second, StartsWith("resolve: "));
  EXPECT_EQ(times_told(Kind::connect_failed), 1u);
  name_service = NameService::answers;
  UNTIL(aggregator.received() == "one\n");
}

TEST_F(ResolvingSinkTest, FallsBackToTheLastGoodAnswer) {
  start_by_name();
  UNTIL(aggregator.received() == "one\n");
  name_service = NameService::fails;
  aggregator.close(0);
  push({"two\n"});
  UNTIL(aggregator.received(1).ends_with("two\n"));
}

TEST_F(ResolvingSinkTest, GoesWhereTheNameLeadsNow) {
  start_by_name();
  UNTIL(aggregator.received() == "one\n");
  Aggregator elsewhere(home);
  other_port = elsewhere.address().port;
  name_service = NameService::answers_otherwise;
  aggregator.close(0);  // and still listens
  push({"two\n"});
  UNTIL(elsewhere.received().ends_with("two\n"));
  EXPECT_EQ(aggregator.connections(), 1u);
}

TEST_F(ResolvingSinkTest, ANameServiceThatHangsHoldsUpNothing) {
  name_service = NameService::hangs;
  config.connect_timeout = milliseconds(20);
  config.endpoints = {{Address::Transport::tcp, kTestName, "514", ""}, aggregator.address()};
  start();
  push({"one\n"});
  UNTIL(aggregator.received() == "one\n");
  EXPECT_EQ(events.front().second, "resolve: Connection timed out");
  close();
  name_service = NameService::answers;
}

TEST_F(StreamSinkTest, TriesTheNextEndpointWhenANameCannotBeResolved) {
  Aggregator aggregator(home);
  config.endpoints = {{Address::Transport::tcp, "nowhere.invalid", "514", ""},
                      aggregator.address()};
  start();
  push({"one\n"});
  UNTIL(aggregator.received() == "one\n");
  EXPECT_THAT(events.front().second, StartsWith("resolve: "));
}

TEST_F(StreamSinkTest, APeerThatNeverReadsIsGivenUpForTheNextAfterThePeerTimeout) {
  Aggregator stuck(home, 4096, false);
  Aggregator second(home);
  config.endpoints = {stuck.address(), second.address()};
  config.send_buffer = 4096;
  config.peer_timeout = milliseconds(300);
  start();
  UNTIL(stuck.connections() == 1);
  push(numbered(0, 5000, 99));
  UNTIL(told(Kind::disconnected));
  // Its kernel goes on accepting connections.
  UNTIL(second.received().ends_with(numbered(4999, 5000, 99)[0]));
  int first = std::stoi(second.received());
  EXPECT_TRUE(second.received() == join(numbered(first, 5000, 99)));
}

/// A balancer whose servers are dead takes connections all the same.
TEST_F(StreamSinkTest, APeerThatHangsUpAtOnceIsGivenUpForTheNext) {
  Aggregator balancer(home);
  Aggregator second(home);
  config.endpoints = {balancer.address(), second.address()};
  config.reconnect_min = config.reconnect_max = milliseconds(5);
  start();
  UNTIL(balancer.connections() == 1);
  balancer.close(0);
  UNTIL(second.connections() + balancer.connections() == 2);
  EXPECT_EQ(second.connections(), 1u);
  push({"one\n"});
  UNTIL(second.received() == "one\n");
}

TEST_F(StreamSinkTest, APeerThatHangsUpAfterAWhileIsTriedAgainFirst) {
  Aggregator first(home);
  Aggregator second(home);
  config.endpoints = {first.address(), second.address()};
  config.reconnect_min = config.reconnect_max = milliseconds(5);
  config.connect_timeout = milliseconds(1000);
  start();
  UNTIL(first.connections() == 1);
  const auto begin = std::chrono::steady_clock::now();
  UNTIL(std::chrono::steady_clock::now() - begin > milliseconds(1100));
  first.close(0);
  UNTIL(second.connections() + first.connections() == 2);
  EXPECT_EQ(first.connections(), 2u);
}

TEST_F(StreamSinkTest, CloseWritesWhatIsQueuedFirst) {
  Aggregator aggregator(home);
  config.endpoints = {aggregator.address()};
  start();
  push(numbered(0, 10000, 99));
  close();
  EXPECT_EQ(counters.records.get(), 10000u);
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 0u);
  EXPECT_EQ(counters.connected.get(), 0u);
  UNTIL(aggregator.client(0).ended);
  EXPECT_TRUE(aggregator.received() == join(numbered(0, 10000, 99)));
}

TEST_F(StreamSinkTest, CloseCountsWhatIsLeftAtTheDeadline) {
  Aggregator aggregator(home, 4096, false);
  config.endpoints = {aggregator.address()};
  config.send_buffer = 4096;
  config.queue_bytes = 10'000;
  start();
  push(numbered(0, 10000, 99));
  int woken = 0;
  UNTIL(counters.connected.get() == 1);
  sink->when_room([&] { ++woken; });
  home.poll();
  EXPECT_EQ(woken, 0);
  close(milliseconds(50));
  EXPECT_EQ(woken, 1);
  EXPECT_GT(counters.dropped_at_exit_records.get(), 5000u);
  EXPECT_EQ(counters.records.get() + counters.dropped_at_exit_records.get(), 10000u);
  UNTIL(told(Kind::dropped_at_exit));
  for (const auto& [kind, reason] : events) {
    if (kind != Kind::dropped_at_exit) continue;
    EXPECT_EQ(reason, std::to_string(counters.dropped_at_exit_records.get()) + " records");
  }
}

TEST_F(StreamSinkTest, CloseDoesNotWaitForAPeerThatIsDownWhenNothingIsQueued) {
  Aggregator aggregator(home);
  aggregator.stop();
  config.endpoints = {aggregator.address()};
  config.reconnect_min = config.reconnect_max = std::chrono::hours(1);
  start();
  UNTIL(counters.connect_failures.get() == 1);
  close(std::chrono::hours(1));
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 0u);
}

TEST_F(StreamSinkTest, ACanaryIsShownAndNotWritten) {
  Aggregator aggregator(home);
  config.endpoints = {aggregator.address()};
  start();
  std::string shown;
  Batch canary = batch_of({"canary\n"});
  canary.canary = std::make_shared<std::function<void(std::string_view)>>(
      [&](std::string_view bytes) { shown = bytes; });
  sink->push(std::move(canary));
  push({"one\n"});
  UNTIL(aggregator.received() == "one\n");
  EXPECT_EQ(shown, "canary\n");
}

TEST_F(StreamSinkTest, AReceiptIsGivenBackOnceTheRecordsHaveArrived) {
  Aggregator aggregator(home);
  aggregator.stop();
  config.endpoints = {aggregator.address()};
  start();
  Batch batch = batch_of({"one\n"});
  batch.receipt = std::make_shared<int>();
  std::weak_ptr<void> receipt = batch.receipt;
  sink->push(std::move(batch));
  UNTIL(counters.connect_failures.get() > 0);
  EXPECT_FALSE(receipt.expired());
  aggregator.start();
  UNTIL(receipt.expired());
  UNTIL(aggregator.received() == "one\n");
}

TEST_F(StreamSinkTest, AFlappingPeerIsNotHammered) {
  Aggregator aggregator(home);
  config.endpoints = {aggregator.address()};
  config.reconnect_min = milliseconds(1);
  config.reconnect_max = std::chrono::seconds(60);
  start();
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; std::chrono::steady_clock::now() - begin < milliseconds(500);) {
    home.restart();
    home.run_one_for(milliseconds(5));
    if (aggregator.connections() > i) aggregator.reset(i++);
  }
  EXPECT_LT(aggregator.connections(), 30u);
}

}  // namespace
}  // namespace redactd::test
