#include "daemon/sources/connection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "daemon/known/add_mask.h"
#include "daemon/sources/idle_time.h"
#include "daemon/sources/listener.h"
#include "tests/testing/source_rig.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using Peer = asio::local::stream_protocol::socket;

class ConnectionTest : public ::testing::Test {
 protected:
  /// A source whose streams call `obey` at each line with a command.
  void start(std::function<void()> obey) {
    SourceConfig config;
    config.name = "in";
    config.type = SourceConfig::Type::tcp;
    config.listen.transport = Address::Transport::unix_stream;
    config.listen.path = dir.path("socket");
    config.framing = Framing::newline;
    commands = {find_add_mask, [] { return true; },
                [obey = std::move(obey)](std::string_view, size_t) {
                  obey();
                  return nullptr;
                }};
    rig = std::make_unique<SourceRig>(config);
    rig->start([this](SourceSetup setup) {
      setup.settings.commands = &commands;
      return std::make_unique<Listener>(std::move(setup));
    });
  }

  Peer connect() {
    Peer peer(context);
    peer.connect(dir.path("socket"));
    return peer;
  }
  static void send(Peer& peer, std::string_view text) { asio::write(peer, asio::buffer(text)); }
  static bool is_closed(Peer& peer) {
    boost::system::error_code error;
    char byte = 0;
    asio::read(peer, asio::buffer(&byte, 1), error);
    return static_cast<bool>(error);
  }

  TempDir dir;
  StreamCommands commands;
  asio::io_context context;
  std::unique_ptr<SourceRig> rig;
};

TEST_F(ConnectionTest, EndsClosedAndCountedWhateverItsStreamThrows) {
  std::atomic<int> round{0};
  start([&round] {
    if (round == 1) throw MatchError("made up");
    if (round == 2) throw std::bad_alloc();
    throw std::runtime_error("password=made-up");
  });
  for (round = 1; round <= 3; ++round) {
    Peer peer = connect();
    send(peer, "before\n::add-mask::value\nbehind\n");
    rig->wait_until(
        [&] { return rig->metrics.worker(0).engine_errors.get() == static_cast<size_t>(round); });
    EXPECT_TRUE(is_closed(peer));
  }
  rig->stop();
  EXPECT_EQ(count_of(rig->said(), "what it had sent last is held back"), 3u) << rig->said();
  EXPECT_EQ(count_of(rig->said(), "made-up"), 0u) << "what an error says may be a record's";
  for (const std::string& record : rig->sink->records()) EXPECT_NE(record, "behind\n");
}

TEST(IdleTime, AQuietConnectionKeepsItsPlaceUntilOthersNeedIt) {
  SourceConfig source;
  source.max_connections = 3;
  EXPECT_EQ(longest_idle(source, false, 2), Milliseconds(0)) << "for ever";
  EXPECT_EQ(longest_idle(source, false, 3), std::chrono::minutes(10));
  EXPECT_EQ(longest_idle(source, true, 1), std::chrono::minutes(10)) << "within a record";
}

TEST(IdleTime, IsTheConfiguredOneWhereThereIsOne) {
  SourceConfig source;
  for (Milliseconds configured : {Milliseconds(0), Milliseconds(700)}) {
    source.idle_timeout = configured;
    for (bool within_record : {false, true})
      EXPECT_EQ(longest_idle(source, within_record, 1), configured);
  }
}

TEST_F(ConnectionTest, OneThatFailsLeavesTheOthersAlone) {
  start([] { throw std::runtime_error("made up"); });
  Peer failing = connect();
  Peer other = connect();
  send(failing, "::add-mask::value\n");
  rig->wait_until([&] { return rig->metrics.worker(0).engine_errors.get() == 1; });
  EXPECT_TRUE(is_closed(failing));
  send(other, "still here\n");
  rig->wait_until(
      [&] { return rig->sink->count() > 0 && rig->sink->records().back() == "still here\n"; });
}

}  // namespace
}  // namespace redactd::test
