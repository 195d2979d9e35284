#include "daemon/sources/file_session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <new>

#include "daemon/or_end.h"
#include "daemon/sources/turns.h"
#include "filters/give_back.h"

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;
// Of a container's log: hundreds of them are read at once.
constexpr size_t kContainerReadBytes = 32 * 1024;

}  // namespace

FileSession::FileSession(std::shared_ptr<SourceSetup> setup, Worker& worker, FollowedFile file)
    : setup_(std::move(setup)),
      worker_(worker),
      counters_(setup_->metrics.source(setup_->config.name, worker.number())),
      number_(worker.enlist(*this)),
      checkpoints_(std::move(file.checkpoints)),
      follower_(file.path, file.start_at, file.saved, setup_->config.name, worker.log()),
      container_(std::move(file.container)),
      settled_at_(std::move(file.saved)),
      wake_(worker.context().get_executor()),
      room_(worker, counters_) {
  if (!container_) watch_.emplace(worker.context(), file.path);
}

FileSession::~FileSession() { worker_.retire(number_); }

void FileSession::start() {
  asio::co_spawn(worker_.context(), run(shared_from_this()), kOrEnd);
  if (watch_) asio::co_spawn(worker_.context(), watch(shared_from_this()), kOrEnd);
}

void FileSession::finish() {
  last_ = true;
  changed_ = true;
  if (idle_) wake_.cancel();
}

Awaitable<void> FileSession::run(std::shared_ptr<FileSession> self) {
  try {
    self->stream_.emplace(self->setup_->settings, self->worker_.generation(),
                          self->worker_.stream_thread(), self->counters_, self->number_);
    if (self->watch_) self->watch_->look_at(-1);
    co_await self->read();
    self->end();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    note_failed_stream(self->worker_, self->setup_->config, self->counters_);
  }
  self->stop();
}

Awaitable<void> FileSession::watch(std::shared_ptr<FileSession> self) {
  while (!self->stopped_) {
    bool changed = co_await self->watch_->changed();
    if (!changed) co_return;
    self->changed_ = true;
    if (self->idle_) self->wake_.cancel();
  }
}

Awaitable<void> FileSession::read() {
  int in_a_row = 0;
  while (!stopped_) {
    co_await room_.wait(*stream_, weak_from_this());
    if (stopped_) co_return;
    changed_ = false;
    FileFollower::Step step = read_once();
    if (step.what == FileFollower::Happened::failed) counters_.read_errors.add();
    bool settled =
        step.what == FileFollower::Happened::nothing && step.wait == FileFollower::Duration::max();
    if (last_ && settled) co_return;
    if (step.what == FileFollower::Happened::failed ||
        step.what == FileFollower::Happened::nothing) {
      in_a_row = 0;
      co_await until_change(step.wait);
    } else if (++in_a_row % kReadsInARow == 0) {
      co_await asio::post(worker_.context(), kAwait);
    }
  }
}

FileFollower::Step FileSession::read_once() {
  stream_->adopt(worker_.generation());
  std::span<char> room = this->room();
  const uint64_t begin = follower_.offset();
  const uint64_t line_begin = follower_.line_begin();
  const bool again = begin < follower_.replay_until();
  if (again) room = room.first(std::min(room.size(), follower_.replay_until() - begin));
  FileFollower::Step step = follower_.next(room, Clock::now());
  if (epoch_ != follower_.epoch() && follower_.descriptor() >= 0) {
    // From here on it counts what comes meanwhile if redactd ends before a record has been written.
    if (epoch_ == 0 && !settled_at_) set_position(open_receipt());
    epoch_ = follower_.epoch();
    epoch_bytes_ = 0;
    block_from_.reset();
    if (watch_) watch_->look_at(follower_.descriptor());
    changed_ = true;  // what happened before the watch was set has to be looked at
  }
  std::string_view bytes(room.data(), step.size);
  epoch_bytes_ += step.size;
  if (step.what == FileFollower::Happened::bytes && again) {
    replay(bytes, line_begin);
  } else if (step.what == FileFollower::Happened::bytes) {
    feed(bytes, line_begin);
  } else if (step.what == FileFollower::Happened::line_end) {
    end_line();
  }
  return step;
}

/// Where the next bytes are read to: the stream's own room, if they are records as they are.
std::span<char> FileSession::room() {
  if (!container_) return stream_->room(worker_.read_bytes());
  return worker_.read_buffer().first(kContainerReadBytes);
}

std::string_view FileSession::records_of(std::string_view bytes) {
  if (!container_) return bytes;
  records_.clear();
  container_->feed(bytes, records_);
  return records_;
}

void FileSession::feed(std::string_view bytes, uint64_t line_begin) {
  last_read_ = Clock::now();
  Receipt receipt = open_receipt();
  if (std::string_view records = records_of(bytes); !records.empty())
    stream_->feed(records, last_read_, receipt);
  note_block(line_begin);
  set_position(receipt);
}

void FileSession::replay(std::string_view bytes, uint64_t line_begin) {
  if (std::string_view records = records_of(bytes); !records.empty()) stream_->replay(records);
  note_block(line_begin);
}

/// The file is over in the middle of a line, and another one goes on.
void FileSession::end_line() {
  Receipt receipt = open_receipt();
  if (container_) {
    records_.clear();
    container_->end_line(records_);
    if (!records_.empty()) stream_->feed(records_, Clock::now(), receipt);
  } else {
    stream_->break_off(Clock::now(), receipt);
  }
  set_position(receipt);
}

void FileSession::note_block(uint64_t line_begin) {
  if (!stream_->in_block()) {
    block_from_.reset();
  } else if (!block_from_) {
    block_from_ = line_begin;
  }
}

FileSession::Receipt FileSession::open_receipt() {
  return checkpoints_ ? checkpoints_->open() : nullptr;
}

void FileSession::set_position(const Receipt& receipt) {
  if (!receipt) return;
  receipt->position = settled_position();
  if (block_from_ && receipt->position)
    receipt->position->replay_from = std::min(receipt->position->offset, *block_from_);
}

/// Behind the last byte that need not be read again. Pieces of a record that has not ended may
/// stand in a file that was rotated away since.
std::optional<Position> FileSession::settled_position() {
  std::optional<Position> position = follower_.position();
  if (!container_ || !position) return position;
  uint64_t back = std::min(container_->unsettled(), epoch_bytes_);
  if (!settled_at_ || back == container_->unsettled()) {
    position->offset = position->replay_from = follower_.offset() - back;
    settled_at_ = position;
  }
  return settled_at_;
}

void FileSession::end() {
  if (!last_ && checkpoints_ && !follower_.line_is_gone()) return;
  stream_->adopt(worker_.generation());
  Receipt receipt = open_receipt();
  if (container_) {
    records_.clear();
    container_->finish(records_);
    if (!records_.empty()) stream_->feed(records_, Clock::now(), receipt);
  }
  stream_->finish(Clock::now(), receipt);
  follower_.give_up_line();
  set_position(receipt);
}

Awaitable<void> FileSession::until_change(FileFollower::Duration at_most) {
  if (changed_ || stopped_) co_return;
  wake_.expires_after(std::min<Clock::duration>(at_most, setup_->config.poll_interval));
  idle_ = true;
  auto [error] = co_await wake_.async_wait(kAwait);
  idle_ = false;
  if (!error && watch_) watch_->look_at(follower_.descriptor());
}

void FileSession::tick(Time now) {
  if (stream_ && is_time_to_trim(last_read_, now)) {
    stream_->trim();
    give_back(records_);
  }
}

void FileSession::adopt() {
  if (!stream_) return;
  try {
    stream_->adopt(worker_.generation());
    room_.adopted(stream_->route());
  } catch (const std::exception&) {  // the stream has failed; its reader will find so
    changed_ = true;
    wake_.cancel();
    room_.wake();
  }
}

void FileSession::stop() {
  stopped_ = true;
  wake_.cancel();
  room_.stop();
  if (watch_) watch_->cancel();
}

}  // namespace redactd
