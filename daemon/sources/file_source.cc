#include "daemon/sources/file_source.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;
// Reads before others of the worker get their turn.
constexpr int kReadsInARow = 16;
constexpr std::chrono::seconds kTrimAfter{1};
constexpr std::chrono::seconds kSaveInterval{1};

}  // namespace

FileSession::FileSession(std::shared_ptr<SourceSetup> setup, Worker& worker,
                         std::optional<Position> saved, std::shared_ptr<Checkpoints> checkpoints)
    : setup_(std::move(setup)),
      worker_(worker),
      counters_(setup_->metrics.source(setup_->config.name, worker.number())),
      number_(worker.enlist(*this)),
      checkpoints_(std::move(checkpoints)),
      follower_(setup_->config.path, setup_->config.start_at, std::move(saved), setup_->config.name,
                worker.log()),
      watch_(worker.context(), setup_->config.path),
      wake_(worker.context().get_executor()) {}

FileSession::~FileSession() { worker_.retire(number_); }

void FileSession::start() {
  asio::co_spawn(worker_.context(), run(shared_from_this()), asio::detached);
  asio::co_spawn(worker_.context(), watch(shared_from_this()), asio::detached);
}

Awaitable<void> FileSession::run(std::shared_ptr<FileSession> self) {
  try {
    self->stream_.emplace(self->setup_->settings, self->worker_.generation(),
                          self->worker_.stream_thread(), self->counters_, self->number_);
    self->watch_.look_at(-1);
    co_await self->read();
    self->end();
  } catch (const std::exception&) {
    self->worker_.counters().engine_errors.add();
    self->worker_.log().error("source ended: the matcher failed; what came last is held back",
                              {{"source", configured(self->setup_->config.name)}});
  }
  self->stop();
}

Awaitable<void> FileSession::watch(std::shared_ptr<FileSession> self) {
  while (!self->stopped_) {
    bool changed = co_await self->watch_.changed();
    if (!changed) co_return;
    self->changed_ = true;
    if (self->idle_) self->wake_.cancel();
  }
}

Awaitable<void> FileSession::read() {
  int in_a_row = 0;
  while (!stopped_) {
    co_await until_room();
    if (stopped_) co_return;
    changed_ = false;
    FileFollower::Step step = read_once();
    if (step.what == FileFollower::Happened::failed) counters_.read_errors.add();
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
  std::span<char> room = stream_->room(Worker::kReadBytes);
  const uint64_t begin = follower_.offset();
  const uint64_t line_begin = follower_.line_begin();
  const bool again = begin < follower_.replay_until();
  if (again) room = room.first(std::min(room.size(), follower_.replay_until() - begin));
  FileFollower::Step step = follower_.next(room, Clock::now());
  if (epoch_ != follower_.epoch()) {
    epoch_ = follower_.epoch();
    block_from_.reset();
    watch_.look_at(follower_.descriptor());
    changed_ = true;  // what happened before the watch was set has to be looked at
  }
  if (step.what == FileFollower::Happened::bytes && again) {
    stream_->replay({room.data(), step.size});
    note_block(line_begin);
  } else if (step.what == FileFollower::Happened::bytes) {
    feed({room.data(), step.size}, line_begin);
  } else if (step.what == FileFollower::Happened::line_end) {
    Receipt receipt = open_receipt();
    stream_->break_off(Clock::now(), receipt);
    set_position(receipt);
  }
  return step;
}

void FileSession::feed(std::string_view bytes, uint64_t line_begin) {
  last_read_ = Clock::now();
  Receipt receipt = open_receipt();
  stream_->feed(bytes, last_read_, receipt);
  note_block(line_begin);
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
  receipt->position = follower_.position();
  if (block_from_) receipt->position->replay_from = *block_from_;
}

void FileSession::end() {
  if (checkpoints_ && !follower_.line_begins_elsewhere()) return;
  stream_->adopt(worker_.generation());
  Receipt receipt = open_receipt();
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
  if (!error) watch_.look_at(follower_.descriptor());
}

Awaitable<void> FileSession::until_room() {
  Sink* full = stream_->route().full();
  if (full == nullptr) co_return;
  counters_.stalled.add();
  while (full != nullptr && !stopped_) {
    wake_.expires_at(Time::max());
    // Posted, so it comes after the wait below has begun.
    full->when_room([&worker = worker_, waiting = weak_from_this()] {
      asio::post(worker.context(), [waiting] {
        if (auto self = waiting.lock()) self->wake_.cancel();
      });
    });
    co_await wake_.async_wait(kAwait);
    stream_->adopt(worker_.generation());
    full = stream_->route().full();
  }
}

void FileSession::tick(Time now) {
  if (stream_ && now - last_read_ > kTrimAfter && now - last_read_ < 3 * kTrimAfter)
    stream_->trim();
}

void FileSession::adopt() {
  if (!stream_) return;
  try {
    stream_->adopt(worker_.generation());
  } catch (const std::exception&) {  // the stream has failed; its reader will find so
    changed_ = true;
    wake_.cancel();
  }
}

void FileSession::stop() {
  stopped_ = true;
  wake_.cancel();
  watch_.cancel();
}

PositionSaver::PositionSaver(const SourceSetup& setup, std::shared_ptr<Checkpoints> checkpoints)
    : name_(setup.config.name),
      log_(setup.log),
      file_(setup.config.position_file),
      checkpoints_(std::move(checkpoints)),
      timer_(setup.control) {}

void PositionSaver::start() {
  timer_.expires_after(kSaveInterval);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    std::shared_ptr<PositionSaver> self = weak.lock();
    if (error || !self) return;
    self->save();
    self->start();
  });
}

void PositionSaver::stop() {
  timer_.cancel();
  checkpoints_->close();
  save();
}

void PositionSaver::save() {
  if (std::optional<Position> written = checkpoints_->take_written()) unsaved_ = written;
  if (!unsaved_) return;
  try {
    file_.save(*unsaved_);
    unsaved_.reset();
  } catch (const std::exception& error) {
    log_.error("the position cannot be saved; records will come again after a restart",
               {{"source", configured(name_)}, {"error", error_text(error.what())}});
  }
}

FileSource::FileSource(SourceSetup setup)
    : setup_(std::make_shared<SourceSetup>(std::move(setup))) {}

FileSource::~FileSource() {
  if (saver_) saver_->stop();
}

void FileSource::open() {
  if (setup_->config.position_file.empty()) return;
  PositionFile file(setup_->config.position_file);
  saved_ = file.load();
  file.check_writable();
  checkpoints_ = std::make_shared<Checkpoints>();
  saver_ = std::make_shared<PositionSaver>(*setup_, checkpoints_);
}

void FileSource::start() {
  if (saver_) saver_->start();
  Worker& worker = *setup_->workers[setup_->settings.source % setup_->workers.size()];
  asio::post(worker.context(), [setup = setup_, &worker, saved = std::move(saved_),
                                checkpoints = checkpoints_]() mutable {
    std::make_shared<FileSession>(setup, worker, std::move(saved), checkpoints)->start();
  });
}

}  // namespace redactd
