#pragma once

// A syslog source where each datagram is a record: UDP (RFC 5426), Unix datagram sockets such as
// /dev/log, and those that systemd has opened. One stream for a socket, on one worker.

#include <boost/asio/generic/datagram_protocol.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "daemon/pipeline/stream.h"
#include "daemon/pipeline/worker.h"
#include "daemon/sources/room_wait.h"
#include "daemon/sources/socket_path.h"
#include "daemon/sources/source.h"

namespace redactd {

using DatagramSocket = asio::basic_datagram_socket<asio::generic::datagram_protocol, IoExecutor>;

/// Keeps itself alive until it is stopped. All of it runs on its worker's thread.
class DatagramSession : public Session, public std::enable_shared_from_this<DatagramSession> {
 public:
  DatagramSession(std::shared_ptr<SourceSetup> setup, Worker& worker, DatagramSocket socket);
  ~DatagramSession() override;

  void start();
  void tick(std::chrono::steady_clock::time_point now) override;
  void adopt() override;
  void stop() override;

 private:
  static Awaitable<void> run(std::shared_ptr<DatagramSession> self);
  Awaitable<void> read();
  struct Datagram {
    size_t size = 0;
    bool cut_by_kernel = false;  // it was longer than the room
  };
  std::optional<Datagram> receive(std::span<char> room);
  size_t keep(const Datagram& datagram, std::span<char> room, size_t offset);
  bool receive_ready();
  void count_lost();

  const std::shared_ptr<SourceSetup> setup_;
  Worker& worker_;
  SourceCounters& counters_;
  const uint64_t number_;
  DatagramSocket socket_;
  size_t largest_;  // datagram
  Stream stream_;
  std::vector<RecordEnd> ends_;
  RoomWait room_;
  std::chrono::steady_clock::time_point last_read_ = {};
  uint32_t lost_ = 0;  // of the socket, as the kernel counts: it wraps around
  bool stopped_ = false;
};

/// Of the control thread. Sockets that are bound and not started yet are its own to close.
class DatagramSource : public Source {
 public:
  explicit DatagramSource(SourceSetup setup);
  ~DatagramSource() override;

  void open() override;
  void start() override;
  void stop() override;
  /// How many it reads.
  size_t sockets() const { return sockets_; }

 private:
  void open_udp();
  void open_unix();
  void take_passed();

  std::shared_ptr<SourceSetup> setup_;
  std::vector<int> descriptors_;  // bound; until start() hands them to the workers
  size_t sockets_ = 0;
  SocketPath path_;  // of a socket of our own
};

}  // namespace redactd
