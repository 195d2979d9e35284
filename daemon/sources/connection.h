#pragma once

// One connection of a syslog or tcp source: reads, and hands what it read to its stream.

#include <boost/asio/generic/stream_protocol.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "daemon/pipeline/stream.h"
#include "daemon/pipeline/worker.h"
#include "daemon/relp/relp_receiver.h"
#include "daemon/sources/pace.h"
#include "daemon/sources/relp_receipt.h"
#include "daemon/sources/room_wait.h"
#include "daemon/sources/source.h"
#include "daemon/tls/tls_session.h"

namespace redactd {

using StreamSocket = TlsSession::Socket;
using TlsContext = asio::ssl::context;

/// What the connections of a source share. Kept by each of them.
struct ConnectionSource {
  SourceSetup setup;
  std::atomic<size_t> open{0};  // connections now, on all workers
};

/// Keeps itself alive until it has ended. All of it runs on its worker's thread.
class Connection : public Session, public std::enable_shared_from_this<Connection> {
 public:
  /// `tls` null: plain. `peer` is for the log.
  Connection(std::shared_ptr<ConnectionSource> source, Worker& worker, StreamSocket socket,
             std::shared_ptr<TlsContext> tls, std::string peer);
  ~Connection() override;

  void start();

  void tick(std::chrono::steady_clock::time_point now) override;
  void end_late(std::chrono::steady_clock::time_point now) override;
  void adopt() override;
  void stop() override;
  void records_dropped() override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  static Awaitable<void> run(std::shared_ptr<Connection> self);
  Awaitable<bool> shake_hands();
  void handshake_failed(const boost::system::error_code& error);
  void refuse_name();
  Awaitable<void> read();
  Awaitable<void> until_readable();
  size_t read_some(std::span<char> room, boost::system::error_code& error);
  Awaitable<void> say_goodbye();
  Awaitable<void> until_room();
  Awaitable<void> until_heard();
  Awaitable<void> until_allowed(size_t bytes);
  Awaitable<void> sleep();
  bool take(std::string_view bytes);
  FrameError feed(std::string_view bytes);
  uint64_t held_bytes() const;
  void answer();
  static Awaitable<void> write_answers(std::shared_ptr<Connection> self);
  Awaitable<void> until_answered();
  void finish();
  void stop_waits();
  void close();

  const std::shared_ptr<ConnectionSource> source_;
  Worker& worker_;
  SourceCounters& counters_;
  const uint64_t number_;
  const std::string peer_;
  StreamSocket socket_;
  std::shared_ptr<TlsContext> tls_context_;
  std::optional<TlsSession> tls_;
  std::optional<Stream> stream_;
  std::optional<RelpReceiver> relp_;    // of a source of that type
  std::shared_ptr<SafeCommands> safe_;  // with it
  std::string answers_;                 // to be written
  bool answering_ = false;
  bool deaf_ = false;  // the peer: it takes no answers any more
  Timer wake_;
  RoomWait room_;
  Pace pace_;
  Time last_read_;
  Time last_record_;      // the last read that ended one, or began the one that is open
  bool waiting_ = false;  // for a sink or the rate limit: not idle
  bool stopped_ = false;  // reads what is there already, and ends
  bool trimmed_ = false;
};

}  // namespace redactd
