// Unix sockets: streams, and datagrams of one record each.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "tests/testing/sink_fixture.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using Kind = SinkEvent::Kind;
using Local = boost::asio::local::stream_protocol;
using std::chrono::milliseconds;

struct UnixSinkTest : SinkTest {
  UnixSinkTest() { config.type = SinkConfig::Type::unix_; }
  std::string path() const { return dir.path("log"); }
  TempDir dir;
};

struct UnixStreamSinkTest : UnixSinkTest {
  UnixStreamSinkTest() { config.endpoints = {{Address::Transport::unix_stream, "", "", path()}}; }
  ~UnixStreamSinkTest() override {
    if (sink) close(milliseconds(0));
  }
  void listen() {
    unlink(path().c_str());
    acceptor = Local::acceptor(home, Local::endpoint(path()));
    accept();
  }
  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, Local::socket accepted) {
      if (!error) client = std::move(accepted);
    });
  }
  void read_some() {
    if (!client.is_open()) return;
    client.non_blocking(true);
    std::array<char, 65536> buffer;
    boost::system::error_code error;
    received.append(buffer.data(), client.read_some(boost::asio::buffer(buffer), error));
  }
  void until_received(const std::string& expected) { UNTIL((read_some(), received == expected)); }
  Local::acceptor acceptor{home};
  Local::socket client{home};
  std::string received;
};

TEST_F(UnixStreamSinkTest, WritesOnceSomebodyListens) {
  start();
  push({"one\n"});
  UNTIL(told(Kind::connect_failed));
  EXPECT_EQ(events[0].second, "connect: No such file or directory");
  listen();
  until_received("one\n");
  UNTIL(counters.records.get() == 1);
}

TEST_F(UnixStreamSinkTest, WhatAPeerHadNotReadComesAgain) {
  listen();
  start();
  push({"one\n"});
  until_received("one\n");
  UNTIL(counters.records.get() == 1);
  push({"two\n", "three\n"});
  UNTIL(counters.queued_bytes.get() == 0);
  accept();
  client.close();
  received.clear();
  until_received("two\nthree\n");
}

TEST_F(UnixSinkTest, SaysThatAPathIsTooLong) {
  config.endpoints = {{Address::Transport::unix_stream, "", "", std::string(108, 'x')}};
  EXPECT_THROW(start(), std::runtime_error);
}

struct DatagramSinkTest : UnixSinkTest {
  DatagramSinkTest() { config.endpoints = {{Address::Transport::unix_datagram, "", "", path()}}; }
  ~DatagramSinkTest() override {
    if (sink) close(milliseconds(0));
    if (socket >= 0) ::close(socket);
  }
  void listen() {
    if (socket >= 0) ::close(socket);
    unlink(path().c_str());
    socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void read_some() {
    std::array<char, 65536> buffer;
    for (ssize_t size; (size = recv(socket, buffer.data(), buffer.size(), 0)) > 0;) {
      received.emplace_back(buffer.data(), static_cast<size_t>(size));
    }
  }
  int socket = -1;
  std::vector<std::string> received;
};

TEST_F(DatagramSinkTest, LineFeedsInARecordGoOutAsTheyCame) {
  config.framing = Framing::octet_counting;
  listen();
  start();
  push({"12 one\ntwo\nthre", "1 \n"});
  UNTIL((read_some(), received.size() == 2));
  EXPECT_EQ(received, (std::vector<std::string>{"one\ntwo\nthre", "\n"}));
}

TEST_F(DatagramSinkTest, OneRecordADatagramWithoutItsFraming) {
  listen();
  start();
  push({"one\n", "two\n"});
  push({"three\n"});
  UNTIL((read_some(), received.size() == 3));
  EXPECT_EQ(received, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(DatagramSinkTest, TheOctetCountIsFramingToo) {
  config.framing = Framing::octet_counting;
  listen();
  start();
  push({"3 one", "5 2 two"});
  UNTIL((read_some(), received.size() == 2));
  EXPECT_EQ(received, (std::vector<std::string>{"one", "2 two"}));
}

TEST_F(DatagramSinkTest, WaitsForAReceiverThatIsSlow) {
  listen();
  start();
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    push({std::to_string(i) + "\n"});
    expected.push_back(std::to_string(i));
  }
  UNTIL(counters.connected.get() == 1);
  UNTIL((read_some(), received.size() == 1000));
  EXPECT_EQ(received, expected);
}

TEST_F(DatagramSinkTest, FollowsAReceiverThatIsStartedAnew) {
  listen();
  start();
  push({"one\n"});
  UNTIL((read_some(), received.size() == 1));
  listen();
  push({"two\n"});
  UNTIL((read_some(), received.size() == 2));
  EXPECT_EQ(received[1], "two");
}

TEST_F(DatagramSinkTest, ARecordThatNoDatagramCanHoldIsCountedAndHoldsUpNothing) {
  listen();
  config.send_buffer = 8192;
  start();
  push({"one\n", std::string(1'000'000, 'x') + "\n", "two\n"});
  UNTIL((read_some(), received.size() == 2));
  EXPECT_EQ(received, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(counters.dropped_too_long_records.get(), 1u);
  UNTIL(told(Kind::record_too_long));
  UNTIL(counters.batches.get() == 1);
  EXPECT_EQ(counters.records.get(), 2u);
}

}  // namespace
}  // namespace redactd::test
