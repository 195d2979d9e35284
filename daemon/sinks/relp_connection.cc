#include "daemon/sinks/relp_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>
#include <chrono>
#include <deque>
#include <utility>

#include "daemon/framing/encoding.h"
#include "daemon/relp/relp_frame.h"

namespace redactd {
namespace {

using boost::system::error_code;
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// Commands that wait for their answers; librelp's own figure.
constexpr size_t kWindow = 128;
// Of an answer: words for people.
constexpr size_t kLongestAnswer = 64 * 1024;
constexpr std::string_view kOffer = "relp_version=0\nrelp_software=redactd\ncommands=syslog";

error_code protocol_error() {
  return boost::system::errc::make_error_code(boost::system::errc::protocol_error);
}

template <class Stream>
class RelpConnection final : public SinkConnection,
                             public std::enable_shared_from_this<RelpConnection<Stream>> {
 public:
  RelpConnection(Stream stream, Milliseconds patience, const IoExecutor& home)
      : stream_(std::move(stream)), patience_(patience), room_(home), answer_due_(home) {}

  /// Until the peer has agreed. Empty, or what is wrong.
  Awaitable<std::string> open() {
    const uint32_t number = next_number();
    std::string frame;
    append_relp(number, "open", kOffer, frame);
    error_code error = co_await send(stream(), frame);
    if (error) co_return error.message();
    while (true) {
      ReadRelp read = read_relp(received_, kLongestAnswer);
      if (read.result == ReadRelp::Result::damaged) co_return "the peer does not speak RELP";
      if (read.result == ReadRelp::Result::whole) {
        bool agreed = read.frame.command == "rsp" && read.frame.number == number &&
                      read.frame.data.starts_with("200");
        received_.erase(0, read.size);
        co_return agreed ? "" : "the peer refuses the session";
      }
      error_code failure = co_await receive_more();
      if (failure) co_return failure.message();
    }
  }

  bool datagrams() const override { return true; }

  /// Counts as written also when it fails, for its answer is waited for from the beginning on.
  Awaitable<Wrote> write(std::span<const std::string_view> views) override {
    while (outstanding_.size() >= kWindow && !ended()) {
      room_.expires_at(Timer::time_point::max());
      co_await room_.async_wait(kAwait);
    }
    if (ended()) co_return Wrote{asio::error::operation_aborted, 0};
    const size_t size = views.front().size();
    const uint32_t number = next_number();
    frame_.clear();
    append_relp(number, "syslog", body_of(views.front(), Framing::octet_counting), frame_);
    if (outstanding_.empty()) last_answer_ = Clock::now();
    outstanding_.push_back({number, size, false});
    waiting_bytes_ += size;
    if (!answer_awaited_) await_answer();
    error_code error = co_await send(stream(), frame_);
    co_return Wrote{error, size};
  }

  Awaitable<error_code> read_to_end() override {
    while (true) {
      ReadRelp read = read_relp(received_, kLongestAnswer);
      if (read.result == ReadRelp::Result::damaged) co_return protocol_error();
      if (read.result == ReadRelp::Result::short_) {
        error_code error = co_await receive_more();
        if (error) co_return error;
        continue;
      }
      if (read.frame.command == "serverclose") co_return asio::error::eof;
      if (read.frame.command == "rsp" && !answered(read.frame)) co_return protocol_error();
      received_.erase(0, read.size);
    }
  }

  Awaitable<> say_goodbye() override {
    frame_.clear();
    append_relp(next_number(), "close", "", frame_);
    co_await send(stream(), frame_);
    error_code ignored;
    socket_of(stream()).shutdown(StreamSocket::shutdown_send, ignored);
  }

 private:
  struct Command {
    uint32_t number;
    size_t size;  // of the record, with its framing
    bool answered;
  };

  decltype(auto) stream() {
    if constexpr (std::is_same_v<Stream, StreamSocket>) {
      return (stream_);
    } else {
      return *stream_;
    }
  }

  uint32_t next_number() {
    last_number_ = next_relp_number(last_number_);
    return last_number_;
  }

  Awaitable<error_code> receive_more() {
    std::array<char, 4096> bytes;
    Received now = co_await receive(stream(), bytes);
    received_.append(bytes.data(), now.bytes);
    co_return now.error;
  }

  /// False when the peer does not take the record: it is sent again over another connection.
  bool answered(const RelpFrame& answer) {
    if (!answer.data.starts_with("200")) return false;
    auto command = std::find_if(outstanding_.begin(), outstanding_.end(),
                                [&](const Command& each) { return each.number == answer.number; });
    if (command != outstanding_.end()) command->answered = true;
    while (!outstanding_.empty() && outstanding_.front().answered) {
      waiting_bytes_ -= outstanding_.front().size;
      outstanding_.pop_front();
      last_answer_ = Clock::now();
    }
    room_.cancel();
    acknowledged();
    return true;
  }

  /// The peer's kernel goes on acknowledging when its program hangs: TCP_USER_TIMEOUT sees nothing.
  void await_answer() {
    answer_awaited_ = true;
    answer_due_.expires_at(last_answer_ + patience_);
    answer_due_.async_wait([weak = this->weak_from_this()](error_code error) {
      auto self = weak.lock();
      if (!self || error) return;
      self->answer_awaited_ = false;
      if (self->outstanding_.empty() || self->ended()) return;
      if (Clock::now() - self->last_answer_ >= self->patience_)
        return self->end(asio::error::timed_out);
      self->await_answer();
    });
  }

  size_t ask_unacknowledged(size_t) override { return waiting_bytes_; }
  void close() override {
    error_code ignored;
    socket_of(stream()).close(ignored);
    room_.cancel();
    answer_due_.cancel();
  }

  Stream stream_;
  const Milliseconds patience_;  // for the next answer
  Timer room_;                   // in the window
  Timer answer_due_;
  bool answer_awaited_ = false;
  Clock::time_point last_answer_;  // to a record, or when the first one was sent that has none
  std::string frame_;
  std::string received_;
  std::deque<Command> outstanding_;
  size_t waiting_bytes_ = 0;
  uint32_t last_number_ = 0;
};

template <class Stream>
Awaitable<RelpOpened> open_session(Stream stream, const SinkConfig& config, IoExecutor home) {
  auto connection =
      std::make_shared<RelpConnection<Stream>>(std::move(stream), config.peer_timeout, home);
  Timer limit(home);
  limit.expires_after(config.connect_timeout);
  limit.async_wait([connection](error_code error) {
    if (!error) connection->end(asio::error::timed_out);
  });
  std::string failure = co_await connection->open();
  if (connection->ended()) failure = "timed out";
  limit.cancel();
  if (failure.empty()) co_return RelpOpened{connection, ""};
  connection->end({});
  co_return RelpOpened{nullptr, "RELP session: " + failure};
}

}  // namespace

Awaitable<RelpOpened> open_relp(StreamSocket socket, const SinkConfig& config, IoExecutor home) {
  co_return co_await open_session(std::move(socket), config, home);
}

Awaitable<RelpOpened> open_relp(std::unique_ptr<TlsStream> stream, const SinkConfig& config,
                                IoExecutor home) {
  co_return co_await open_session(std::move(stream), config, home);
}

}  // namespace redactd
