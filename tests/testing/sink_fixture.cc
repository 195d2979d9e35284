#include "tests/testing/sink_fixture.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

namespace redactd::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Batch batch_of(const std::vector<std::string>& records, uint64_t stream) {
  auto encoded = std::make_shared<Encoded>();
  for (const std::string& record : records) {
    encoded->bytes += record;
    encoded->ends.push_back(static_cast<uint32_t>(encoded->bytes.size()));
  }
  Batch batch;
  batch.encoded = std::move(encoded);
  batch.stream = stream;
  batch.received = std::chrono::steady_clock::now();
  return batch;
}

Aggregator::Aggregator(asio::io_context& home, size_t receive_buffer, bool reads)
    : state_(std::make_shared<State>(home)), receive_buffer_(receive_buffer) {
  state_->reads = reads;
  start();
}

void Aggregator::start() {
  tcp::endpoint endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(std::stoi(port_)));
  state_->acceptor.open(endpoint.protocol());
  state_->acceptor.set_option(tcp::acceptor::reuse_address(true));
  if (receive_buffer_ > 0) {
    state_->acceptor.set_option(
        asio::socket_base::receive_buffer_size(static_cast<int>(receive_buffer_)));
  }
  state_->acceptor.bind(endpoint);
  state_->acceptor.listen();
  port_ = std::to_string(state_->acceptor.local_endpoint().port());
  accept(state_);
}

void Aggregator::accept(std::shared_ptr<State> state) {
  state->acceptor.async_accept([state](error_code error, tcp::socket socket) {
    if (error) return;
    state->clients.push_back(std::make_shared<Client>(std::move(socket)));
    if (state->reads) read_on(state->clients.back());
    accept(state);
  });
}

void Aggregator::read_on(std::shared_ptr<Client> client) {
  auto buffer = std::make_shared<std::array<char, 65536>>();
  client->socket.async_read_some(asio::buffer(*buffer),
                                 [client, buffer](error_code error, size_t size) {
                                   client->received.append(buffer->data(), size);
                                   client->ended = static_cast<bool>(error);
                                   if (!error) read_on(client);
                                 });
}

const std::string& Aggregator::received(size_t i) const {
  static const std::string kNothing;
  return i < state_->clients.size() ? state_->clients[i]->received : kNothing;
}

void Aggregator::read(size_t i) { read_on(state_->clients[i]); }

void Aggregator::close(size_t i) { state_->clients[i]->socket.close(); }

void Aggregator::reset(size_t i) {
  error_code ignored;
  client(i).socket.set_option(asio::socket_base::linger(true, 0), ignored);
  close(i);
}

void Aggregator::stop() {
  error_code ignored;
  state_->acceptor.close(ignored);
  for (const std::shared_ptr<Client>& each : state_->clients) each->socket.close(ignored);
}

SinkTest::SinkTest() {
  config.name = "out";
  config.type = SinkConfig::Type::tcp;
  config.reconnect_min = std::chrono::milliseconds(1);
  config.reconnect_max = std::chrono::milliseconds(20);
}

SinkTest::~SinkTest() {
  if (sink) close(std::chrono::milliseconds(0));
}

SinkOwner SinkTest::owner() {
  SinkOwner owner;
  // From whichever thread, to this one.
  owner.log = [this](const SinkEvent& event) {
    asio::post(home, [this, kind = event.kind, reason = std::string(event.reason)] {
      events.emplace_back(kind, reason);
    });
  };
  owner.reader_gone = [this] { asio::post(home, [this] { ++times_gone; }); };
  return owner;
}

void SinkTest::until(const std::function<bool()>& condition, const char* what) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) {
      for (const auto& [kind, reason] : events) {
        ADD_FAILURE() << "  told: " << to_string(kind) << " " << reason;
      }
      throw std::runtime_error(std::string("waited in vain for: ") + what);
    }
    home.restart();
    home.run_one_for(std::chrono::milliseconds(20));
  }
}

void SinkTest::close(std::chrono::milliseconds within) {
  bool done = false;
  std::exchange(sink, nullptr)
      ->close(std::chrono::steady_clock::now() + within,
              [context = context, &done] { asio::post(*context, [&done] { done = true; }); });
  UNTIL(done);
}

size_t SinkTest::times_told(SinkEvent::Kind kind) const {
  return static_cast<size_t>(std::count_if(
      events.begin(), events.end(), [kind](const auto& event) { return event.first == kind; }));
}

}  // namespace redactd::test
