#include "daemon/sources/datagrams.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/post.hpp>

#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "daemon/or_end.h"
#include "daemon/sources/resolve.h"
#include "daemon/sources/turns.h"

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;
using Udp = asio::ip::udp;
using Unix = asio::local::datagram_protocol;
constexpr size_t kLargestUdp = 64 * 1024;
constexpr size_t kLargestUnix = 256 * 1024;  // above net.core.wmem_max, which bounds them

/// What does not fit is lost, so it is told when the system gives less than was asked for.
void set_receive_buffer(Udp::socket& socket, const SourceSetup& setup) {
  const SourceConfig& config = setup.config;
  if (config.receive_buffer == 0) return;
  asio::socket_base::receive_buffer_size size(static_cast<int>(config.receive_buffer));
  socket.set_option(size);
  socket.get_option(size);
  if (size.value() >= static_cast<int>(config.receive_buffer)) return;
  setup.log.warning("receive_buffer is more than the system gives; raise net.core.rmem_max",
                    {{"source", configured(config.name)},
                     {"wanted", config.receive_buffer},
                     {"given", static_cast<size_t>(size.value())}});
}

}  // namespace

DatagramSession::DatagramSession(std::shared_ptr<SourceSetup> setup, Worker& worker,
                                 DatagramSocket socket)
    : setup_(std::move(setup)),
      worker_(worker),
      counters_(setup_->metrics.source(setup_->config.name, worker.number())),
      number_(worker.enlist(*this)),
      socket_(std::move(socket)),
      largest_(setup_->config.listen.transport == Address::Transport::udp ? kLargestUdp
                                                                          : kLargestUnix),
      stream_(setup_->settings, worker.generation(), worker.stream_thread(), counters_, number_),
      room_(worker, counters_) {}

DatagramSession::~DatagramSession() { worker_.retire(number_); }

void DatagramSession::start() {
  asio::co_spawn(worker_.context(), run(shared_from_this()), kOrEnd);
}

Awaitable<void> DatagramSession::run(std::shared_ptr<DatagramSession> self) {
  try {
    co_await self->read();
    for (int i = 0; i < kLastReads && self->stream_.route().full() == nullptr; ++i) {
      if (!self->receive_ready()) break;
    }
    self->stream_.finish(Clock::now());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    note_failed_stream(self->worker_, self->setup_->config, self->counters_);
  }
}

Awaitable<void> DatagramSession::read() {
  while (!stopped_) {
    co_await room_.wait(stream_, weak_from_this());
    if (stopped_) co_return;
    if (receive_ready()) {
      co_await asio::post(worker_.context(), kAwait);
    } else {
      co_await socket_.async_wait(DatagramSocket::wait_read, kAwait);
    }
  }
}

/// Nothing when there is none now, or it cannot be read.
std::optional<DatagramSession::Datagram> DatagramSession::receive(std::span<char> room) {
  iovec part{room.data(), room.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  while (true) {
    ssize_t size = recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
    if (size >= 0) return Datagram{static_cast<size_t>(size), (message.msg_flags & MSG_TRUNC) != 0};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) counters_.read_errors.add();
    return std::nullopt;
  }
}

/// Makes a record of the datagram at the start of `room`, which begins at `offset` of the batch.
/// Returns its size there.
size_t DatagramSession::keep(const Datagram& datagram, std::span<char> room, size_t offset) {
  size_t length = datagram.size;
  if (length > 0 && room[length - 1] == '\n') --length;  // some senders end theirs so
  if (length == 0) {
    counters_.empty_records.add();
    return 0;
  }
  room[length] = '\n';
  const size_t most = setup_->settings.framing.max_record;
  size_t cut = length > most ? length - most : 0;
  // A secret across the kernel's cut cannot be seen whole.
  if (datagram.cut_by_kernel) cut = std::max(cut, std::min(length, Framer::kLookAhead));
  ends_.push_back(
      {offset + length + 1, cut, datagram.cut_by_kernel ? 1u : 0u, datagram.cut_by_kernel});
  return length + 1;
}

/// Takes what is there, up to a batch; false when nothing was.
bool DatagramSession::receive_ready() {
  stream_.adopt(worker_.generation());
  stream_.borrow_buffers();
  std::span<char> room = stream_.record_room(largest_ + Worker::kReadBytes);
  ends_.clear();
  size_t used = 0;
  bool any = false;
  while (used + largest_ + 1 <= room.size() && used < Worker::kReadBytes) {
    std::optional<Datagram> datagram = receive(room.subspan(used, largest_));
    if (!datagram) break;
    any = true;
    used += keep(*datagram, room.subspan(used), used);
  }
  if (used > 0) {
    last_read_ = Clock::now();
    stream_.take(used, ends_, last_read_);
  }
  stream_.return_buffers();
  return any;
}

/// The kernel tells nobody what a full receive buffer made it throw away, unless it is asked.
void DatagramSession::count_lost() {
  std::array<uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0)
    return;
  const uint32_t lost = memory[SK_MEMINFO_DROPS];
  counters_.lost_datagrams.add(lost - std::exchange(lost_, lost));
}

void DatagramSession::tick(Clock::time_point now) {
  count_lost();
  if (is_time_to_trim(last_read_, now)) stream_.trim();
}

void DatagramSession::adopt() {
  try {
    stream_.adopt(worker_.generation());
    room_.adopted(stream_.route());
  } catch (const std::exception&) {
    stop();  // the stream has failed; its reader will find so
  }
}

void DatagramSession::stop() {
  stopped_ = true;
  room_.stop();
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

DatagramSource::DatagramSource(SourceSetup setup)
    : setup_(std::make_shared<SourceSetup>(std::move(setup))) {}

DatagramSource::~DatagramSource() {
  for (int descriptor : descriptors_) close(descriptor);
}

void DatagramSource::open() {
  switch (setup_->config.listen.transport) {
    case Address::Transport::udp:
      open_udp();
      break;
    case Address::Transport::unix_datagram:
      open_unix();
      break;
    default:
      take_passed();
  }
  sockets_ = descriptors_.size();
}

void DatagramSource::open_udp() {
  const SourceConfig& config = setup_->config;
  bind_each<Udp>(config.listen, [&](const Udp::endpoint& endpoint) {
    Udp::socket socket(setup_->control);
    socket.open(endpoint.protocol());
    if (endpoint.address().is_v6()) socket.set_option(asio::ip::v6_only(config.listen.host != "*"));
    set_receive_buffer(socket, *setup_);
    socket.bind(endpoint);
    descriptors_.push_back(socket.release());
  });
}

void DatagramSource::open_unix() {
  const SourceConfig& config = setup_->config;
  clear_socket_path(config.listen.path, SOCK_DGRAM);
  Unix::socket socket(setup_->control);
  socket.open();
  socket.bind(Unix::endpoint(config.listen.path));
  path_.take(config.listen.path, config.unix_mode);
  descriptors_.push_back(socket.release());
}

/// Datagram sockets by the name that the unit gives them; without a name all that are left.
void DatagramSource::take_passed() {
  const std::string& name = setup_->config.listen.path;
  std::erase_if(setup_->passed, [&](const PassedSocket& socket) {
    bool ours = passed_kind(socket.descriptor).datagram && (name.empty() || socket.name == name);
    if (ours) descriptors_.push_back(socket.descriptor);
    return ours;
  });
}

void DatagramSource::start() {
  for (int descriptor : std::exchange(descriptors_, {})) {
    Worker& worker = *setup_->workers[setup_->settings.source % setup_->workers.size()];
    asio::post(worker.context(), [setup = setup_, &worker, descriptor] {
      asio::generic::datagram_protocol protocol(passed_kind(descriptor).family, 0);
      std::make_shared<DatagramSession>(
          setup, worker, DatagramSocket(worker.context().get_executor(), protocol, descriptor))
          ->start();
    });
  }
}

/// The sessions are stopped by their workers; what the kernel holds for them is read before.
void DatagramSource::stop() { path_.remove(); }

}  // namespace redactd
