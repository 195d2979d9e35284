#include "daemon/sources/stdin_source.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

#include "daemon/or_end.h"
#include "daemon/sources/turns.h"

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;

/// Readable when `descriptor` is; -1 where that cannot be waited for: files, /dev/null.
int readiness_of(int descriptor) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  epoll_event event = {};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0) return epoll;
  int error = errno;
  close(epoll);
  if (error == EPERM) return -1;
  throw std::system_error(error, std::generic_category(), "epoll_ctl");
}

}  // namespace

EndNotice::~EndNotice() {
  if (armed_) ended_();
}

void EndNotice::arm() {
  std::lock_guard lock(mutex_);
  armed_ = true;
}

void EndNotice::disarm() {
  std::lock_guard lock(mutex_);
  armed_ = false;
}

StdinSession::StdinSession(std::shared_ptr<SourceSetup> setup, Worker& worker, int descriptor,
                           std::shared_ptr<EndNotice> notice)
    : setup_(std::move(setup)),
      worker_(worker),
      counters_(setup_->metrics.source(setup_->config.name, worker.number())),
      number_(worker.enlist(*this)),
      descriptor_(descriptor),
      notice_(std::move(notice)),
      ready_(worker.context().get_executor()),
      room_(worker, counters_) {}

StdinSession::~StdinSession() { worker_.retire(number_); }

void StdinSession::start() { asio::co_spawn(worker_.context(), run(shared_from_this()), kOrEnd); }

Awaitable<void> StdinSession::run(std::shared_ptr<StdinSession> self) {
  try {
    int ready = readiness_of(self->descriptor_);
    if (ready >= 0) self->ready_.assign(ready);
    self->stream_.emplace(self->setup_->settings, self->worker_.generation(),
                          self->worker_.stream_thread(), self->counters_, self->number_);
    co_await self->read();
    self->stream_->adopt(self->worker_.generation());
    self->stream_->finish(Clock::now(), self->notice_);
  } catch (const std::system_error& error) {
    self->counters_.read_errors.add();
    self->counters_.failed_streams.add();
    self->worker_.log().error(
        "standard input cannot be read",
        {{"source", configured(self->setup_->config.name)}, {"error", error.code()}});
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    note_failed_stream(self->worker_, self->setup_->config, self->counters_);
  }
  if (!self->stopped_) self->notice_->arm();
  self->notice_.reset();
}

/// Until the end of input, or what is there has been read after stop().
Awaitable<void> StdinSession::read() {
  int in_a_row = 0;
  int last_reads = 0;
  while (!stopped_ || (ready_.is_open() && ++last_reads <= kLastReads)) {
    co_await room_.wait(*stream_, weak_from_this());
    if (stopped_ && (stream_->route().full() != nullptr || !readable())) co_return;
    if (ready_.is_open() && !readable()) {
      in_a_row = 0;
      co_await ready_.async_wait(ready_.wait_read, kAwait);
      continue;
    }
    if (!take_read()) co_return;
    if (++in_a_row % kReadsInARow == 0) co_await asio::post(worker_.context(), kAwait);
  }
}

/// False at the end of input.
bool StdinSession::take_read() {
  std::span<char> room = stream_->room(worker_.read_bytes());
  ssize_t size = ::read(descriptor_, room.data(), room.size());
  if (size == 0) return false;
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) return true;  // another process was faster
    throw std::system_error(errno, std::generic_category());
  }
  last_read_ = Clock::now();
  stream_->adopt(worker_.generation());
  stream_->feed({room.data(), static_cast<size_t>(size)}, last_read_, notice_);
  return true;
}

bool StdinSession::readable() const {
  pollfd ready{descriptor_, POLLIN, 0};
  return poll(&ready, 1, 0) > 0;
}

void StdinSession::tick(Time now) {
  if (stream_ && is_time_to_trim(last_read_, now)) stream_->trim();
}

void StdinSession::adopt() {
  if (!stream_) return;
  try {
    stream_->adopt(worker_.generation());
    room_.adopted(stream_->route());
  } catch (const std::exception&) {  // the stream has failed; its reader will find so
    room_.wake();
    boost::system::error_code ignored;
    ready_.cancel(ignored);
  }
}

void StdinSession::stop() {
  stopped_ = true;
  room_.stop();
  boost::system::error_code ignored;
  ready_.cancel(ignored);
}

StdinSource::StdinSource(SourceSetup setup, int descriptor)
    : setup_(std::make_shared<SourceSetup>(std::move(setup))), descriptor_(descriptor) {}

StdinSource::~StdinSource() {
  if (std::shared_ptr<EndNotice> notice = notice_.lock()) notice->disarm();
}

void StdinSource::open() {
  int flags = fcntl(descriptor_, F_GETFL);
  if (flags < 0)
    throw std::runtime_error(
        "standard input is closed; redirect it, or take this "
        "source out of the configuration");
  if ((flags & O_ACCMODE) == O_WRONLY)
    throw std::runtime_error("standard input is open for writing only");
}

void StdinSource::start() {
  auto notice = std::make_shared<EndNotice>(setup_->ended);
  notice_ = notice;
  Worker& worker = *setup_->workers[setup_->settings.source % setup_->workers.size()];
  asio::post(worker.context(), [setup = setup_, &worker, descriptor = descriptor_,
                                notice = std::move(notice)]() mutable {
    std::make_shared<StdinSession>(setup, worker, descriptor, std::move(notice))->start();
  });
}

}  // namespace redactd
