#pragma once

// A sink and the aggregators it writes to, all on the test's own thread: a test pushes records and
// waits for what it expects, however long that takes.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/sinks/sink.h"

namespace redactd::test {

/// Records as they go over the wire, with their framing.
Batch batch_of(const std::vector<std::string>& records, uint64_t stream = 0);

/// Listens on a free port of loopback.
class Aggregator {
 public:
  struct Client {
    explicit Client(boost::asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
    boost::asio::ip::tcp::socket socket;
    std::string received;
    bool ended = false;
  };

  /// `receive_buffer`: SO_RCVBUF of its connections; 0: the system's. `reads`: whether it reads
  /// what it is sent.
  explicit Aggregator(boost::asio::io_context& home, size_t receive_buffer = 0, bool reads = true);
  ~Aggregator() { stop(); }
  Aggregator(const Aggregator&) = delete;
  Aggregator& operator=(const Aggregator&) = delete;

  Address address() const { return {Address::Transport::tcp, "127.0.0.1", port_, ""}; }
  size_t connections() const { return state_->clients.size(); }
  Client& client(size_t i) { return *state_->clients[i]; }
  /// Of the i-th connection; empty while there is none.
  const std::string& received(size_t i = 0) const;
  /// Begins to read.
  void read(size_t i);
  /// Ends a connection with FIN, or with RST.
  void close(size_t i);
  void reset(size_t i);
  /// Refuses connections, and ends those there are.
  void stop();
  /// Listens again on the same port.
  void start();

 private:
  struct State {
    explicit State(boost::asio::io_context& context) : home(context), acceptor(context) {}
    boost::asio::io_context& home;
    boost::asio::ip::tcp::acceptor acceptor;
    std::vector<std::shared_ptr<Client>> clients;
    bool reads = true;
  };
  static void accept(std::shared_ptr<State> state);
  static void read_on(std::shared_ptr<Client> client);

  std::shared_ptr<State> state_;
  const size_t receive_buffer_;
  std::string port_ = "0";
};

class SinkTest : public ::testing::Test {
 public:
  SinkTest();
  ~SinkTest() override;

  void start() { sink = make_sink(config, home, counters, owner()); }
  SinkOwner owner();
  void push(const std::vector<std::string>& records, uint64_t stream = 0) {
    sink->push(batch_of(records, stream));
  }
  /// Runs until `condition` holds; fails the test after a minute.
  void until(const std::function<bool()>& condition, const char* what);
  /// Whether close() was done by then.
  void close(std::chrono::milliseconds within = std::chrono::seconds(5));
  bool told(SinkEvent::Kind kind) const { return times_told(kind) > 0; }
  size_t times_told(SinkEvent::Kind kind) const;

  // The thread of a sink that says that it is closed may still be at it when the test is over.
  std::shared_ptr<boost::asio::io_context> context = std::make_shared<boost::asio::io_context>();
  boost::asio::io_context& home = *context;
  SinkCounters counters;
  SinkConfig config;
  std::shared_ptr<Sink> sink;
  std::vector<std::pair<SinkEvent::Kind, std::string>> events;  // and their reasons
  int times_gone = 0;
};

}  // namespace redactd::test

#define UNTIL(condition) until([&] { return (condition); }, #condition)
