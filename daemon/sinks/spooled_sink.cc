#include "daemon/sinks/spooled_sink.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/process/block_signals.h"
#include "daemon/spool/disk_directory.h"

namespace redactd {
namespace {

// Until the disk is tried again, and the directory of the sink before.
constexpr std::chrono::milliseconds kRetry{200};
constexpr std::chrono::milliseconds kDirectoryPoll{20};
// How old the position may be that is found after a crash: so much is sent again.
constexpr std::chrono::milliseconds kPositionAge{100};
// Then what cannot be read is damage.
constexpr int kFailedReads = 10;

}  // namespace

/// The receipt of what is passed on: with it the sink behind says that the peer has the batch.
class SpooledSink::Delivery {
 public:
  Delivery(std::weak_ptr<SpooledSink> sink, uint64_t number)
      : sink_(std::move(sink)), number_(number) {}
  ~Delivery() {
    if (auto sink = sink_.lock()) sink->acknowledged(number_);
  }
  Delivery(const Delivery&) = delete;

 private:
  const std::weak_ptr<SpooledSink> sink_;
  const uint64_t number_;
};

namespace {

/// Null while another sink of this process has the directory.
std::unique_ptr<Spool> open_spool(const SpoolConfig& config) {
  std::unique_ptr<SpoolDirectory> directory = open_spool_directory(config.directory);
  if (!directory) return nullptr;
  try {
    return std::make_unique<Spool>(std::move(directory), config);
  } catch (const std::system_error& error) {
    throw std::runtime_error("spool " + config.directory + ": cannot be taken up: " + error.what());
  }
}

/// Records that were stored for another framing than the sink has now.
std::shared_ptr<const Encoded> reframed(StoredBatch batch, const Encoding& encoding) {
  if (batch.framing == encoding.framing)
    return std::make_shared<const Encoded>(std::move(batch.encoded));
  auto to = std::make_shared<Encoded>();
  size_t begin = 0;
  for (uint32_t end : batch.encoded.ends) {
    std::string_view record = std::string_view(batch.encoded.bytes).substr(begin, end - begin);
    encode_record({encoding.framing, {}}, body_of(record, batch.framing), false, {}, *to);
    begin = end;
  }
  return to;
}

}  // namespace

std::shared_ptr<SpooledSink> SpooledSink::start(const SinkConfig& config,
                                                boost::asio::io_context& home,
                                                SinkCounters& counters, SinkOwner owner) {
  auto place = std::make_unique<PlaceInLine>(config.spool.directory);
  std::unique_ptr<Spool> spool = place->is_first() ? open_spool(config.spool) : nullptr;
  std::shared_ptr<SpooledSink> sink(
      new SpooledSink(config, home, counters, std::move(owner), std::move(place)));
  if (spool) sink->opened(std::move(spool));
  std::thread([sink] { sink->run(); }).detach();
  return sink;
}

SpooledSink::SpooledSink(const SinkConfig& config, boost::asio::io_context& home,
                         SinkCounters& counters, SinkOwner owner,
                         std::unique_ptr<PlaceInLine> place)
    : Sink(config),
      counters_(counters),
      owner_(std::move(owner)),
      behind_(StreamSink::start(config, home, counters, owner_)),
      place_(std::move(place)),
      waiters_(config.queue_bytes) {}

// ---- of any thread

void SpooledSink::push(Batch batch) {
  if (batch.canary) return behind_->push(std::move(batch));
  queued_.fetch_add(batch.size(), std::memory_order_relaxed);
  Lock lock(mutex_);
  incoming_.push_back(std::move(batch));
  changed_.notify_one();
}

void SpooledSink::when_room(std::function<void()> wake) {
  Lock lock(mutex_);
  if (full()) return waiters_.add(std::move(wake));
  lock.unlock();
  wake();
}

void SpooledSink::close(Clock::time_point deadline, std::function<void()> done) {
  Lock lock(mutex_);
  closing_ = woken_ = true;
  deadline_ = deadline;
  done_ = std::move(done);
  changed_.notify_one();
}

void SpooledSink::acknowledged(uint64_t delivery) {
  Lock lock(mutex_);
  acknowledged_.push_back(delivery);
  changed_.notify_one();
}

// ---- the thread

void SpooledSink::run() {
  block_signals();
  if (spool_ || wait_for_directory()) {
    while (!drained()) {
      wait_for_work();
      store();
      read_on();
      keep_position();
      note_figures();
    }
  }
  close_behind();
  end();
}

/// Those before it in line leave by their own deadlines. False when the directory could not be
/// taken in time for another reason.
bool SpooledSink::wait_for_directory() {
  while (true) {
    const bool first = place_->is_first();
    if (first && take_directory()) return true;
    Lock lock(mutex_);
    if (first && closing_ && Clock::now() >= deadline_) return false;
    changed_.wait_for(lock, kDirectoryPoll);
  }
}

bool SpooledSink::take_directory() {
  try {
    std::unique_ptr<Spool> spool = open_spool(config_.spool);
    if (!spool) return false;
    opened(std::move(spool));
    return true;
  } catch (const std::runtime_error& error) {
    counters_.spool_failing.set(1);
    if (failing_.worth_telling(Clock::now())) tell(SinkEvent::Kind::spool_failed, error.what());
    return false;
  }
}

void SpooledSink::opened(std::unique_ptr<Spool> spool) {
  spool_ = std::move(spool);
  counters_.spool_max_bytes.set(config_.spool.max_size);
  counters_.spool_torn_bytes.add(spool_->torn_bytes());
  if (spool_->torn_bytes() > 0)
    tell(SinkEvent::Kind::spool_torn, std::to_string(spool_->torn_bytes()) + " bytes");
  for (const std::string& name : spool_->no_files())
    tell(SinkEvent::Kind::spool_damaged, name + " is no file; it is left where it is");
  uint64_t waiting = spool_->next_record() - spool_->cursor();
  if (waiting > 0) tell(SinkEvent::Kind::spool_replays, std::to_string(waiting) + " records");
  note_figures();
}

/// Nothing more is to be expected here: the rest can stay in the spool.
bool SpooledSink::drained() const {
  if (!leaving_) return false;
  if (Clock::now() >= deadline_) return true;
  bool stored = pending_.empty() && held_.empty();
  bool sending = counters_.connected.get() > 0 && !spool_->all_read();
  return stored && !sending;
}

void SpooledSink::wait_for_work() {
  Lock lock(mutex_);
  Clock::time_point until = next_time();
  if (closing_) until = std::min(until, std::min(deadline_, Clock::now() + kRetry));
  changed_.wait_until(lock, until,
                      [this] { return !incoming_.empty() || !acknowledged_.empty() || woken_; });
  woken_ = false;
  leaving_ = closing_;
  for (Batch& batch : incoming_) pending_.push_back(std::move(batch));
  incoming_.clear();
  take_acknowledged();
}

/// Under the lock.
void SpooledSink::take_acknowledged() {
  for (uint64_t delivery : acknowledged_) deliveries_.acknowledge(delivery);
  acknowledged_.clear();
  spool_->set_position(deliveries_.acknowledged_before(spool_->cursor()));
}

SpooledSink::Clock::time_point SpooledSink::next_time() const {
  Clock::time_point next = Clock::now() + std::chrono::hours(1);
  for (const auto& each : {sync_due_, position_due_, retry_at_, read_retry_at_})
    if (each) next = std::min(next, *each);
  return next;
}

void SpooledSink::store() {
  if (retry_at_ && Clock::now() < *retry_at_) return;
  retry_at_.reset();
  try {
    while (!pending_.empty() && store_first()) {
    }
    sync_when_due();
    note_disk(nullptr);
  } catch (const std::system_error& error) {
    note_disk(&error);
  }
  release_receipts();
}

/// False when there is no room for it.
bool SpooledSink::store_first() {
  Batch& batch = pending_.front();
  const size_t size = batch.size();
  if (size > 0) {
    bool room = spool_->make_room(stored_size(*batch.encoded));
    note_full(!room);
    if (!room) return false;
    const bool read_before = spool_->all_read();
    const uint64_t first = spool_->next_record();
    spool_->append(batch.encoded, batch.stream, encoding_.framing);
    if (read_before && !behind_->full()) {
      spool_->pass_last();
      deliver(batch.encoded, batch.stream, batch.received, first);
    }
  }
  if (batch.receipt) held_.push_back({spool_->next_record(), std::move(batch.receipt)});
  pending_.pop_front();
  pushed_less(size);
  if (spool_->unsynced_bytes() >= config_.queue_bytes) spool_->sync();
  return true;
}

void SpooledSink::sync_when_due() {
  const SpoolConfig& spool = config_.spool;
  if (spool_->unsynced_bytes() > 0) {
    if (!sync_due_) sync_due_ = Clock::now() + spool.fsync_interval;
    bool due = spool.fsync == SpoolConfig::Fsync::always || leaving_ || Clock::now() >= *sync_due_;
    if (!due) return;
    spool_->sync();
  }
  sync_due_.reset();
}

void SpooledSink::release_receipts() {
  while (!held_.empty() && held_.front().before <= spool_->safe_before()) held_.pop_front();
}

void SpooledSink::read_on() {
  if (read_retry_at_ && Clock::now() < *read_retry_at_) return;
  read_retry_at_.reset();
  try {
    if (failed_reads_ >= kFailedReads) spool_->give_up_segment();
    while (!behind_->full()) {
      const uint64_t first = spool_->cursor();
      std::optional<StoredBatch> batch = spool_->read();
      if (!batch) break;
      if (batch->first < spool_->replayed_before())
        counters_.spool_replayed_records.add(batch->encoded.ends.size());
      const uint64_t stream = batch->stream;
      deliver(reframed(std::move(*batch), encoding_), stream, Clock::now(), first);
    }
    failed_reads_ = 0;
  } catch (const std::system_error& error) {
    ++failed_reads_;
    read_retry_at_ = Clock::now() + kRetry;
    note_disk(&error);
  }
  if (!spool_->all_read()) ask_for_room();
}

void SpooledSink::ask_for_room() {
  {
    Lock lock(mutex_);
    if (std::exchange(asked_for_room_, true)) return;
  }
  behind_->when_room([weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    Lock lock(self->mutex_);
    self->asked_for_room_ = false;
    self->woken_ = true;
    self->changed_.notify_one();
  });
}

/// `first_record`: none before it is on its way any more once this batch and those before it are
/// acknowledged.
void SpooledSink::deliver(std::shared_ptr<const Encoded> encoded, uint64_t stream,
                          Clock::time_point received, uint64_t first_record) {
  auto receipt = std::make_shared<Delivery>(weak_from_this(), deliveries_.open(first_record));
  behind_->push({std::move(encoded), stream, received, std::move(receipt), nullptr});
}

/// False when the disk did not do it, which is counted.
template <typename Act>
bool SpooledSink::tried(Act act) {
  try {
    act();
    return true;
  } catch (const std::system_error&) {
    counters_.spool_errors.add();
    return false;
  }
}

/// Also lets segments go, which may be what makes room for the position. Errors only mean that more
/// is sent again after a crash.
void SpooledSink::keep_position() {
  const Clock::time_point now = Clock::now();
  if (!position_due_ && spool_->position_changed()) position_due_ = now + kPositionAge;
  if (!position_due_ || now < *position_due_) return;
  position_due_.reset();
  const bool saved = tried([&] { spool_->save_position(); });
  const bool removed = tried([&] { spool_->remove_acknowledged(); });
  if (!saved || !removed) position_due_ = now + kRetry;
}

void SpooledSink::pushed_less(size_t bytes) {
  size_t queued = queued_.fetch_sub(bytes, std::memory_order_relaxed) - bytes;
  Lock lock(mutex_);
  std::vector<RoomWaiters::Wake> awake = waiters_.take(queued);
  lock.unlock();
  for (const RoomWaiters::Wake& wake : awake) wake();
}

void SpooledSink::note_full(bool full) {
  counters_.spool_full.set(full ? 1 : 0);
  if (full && crowded_.worth_telling(Clock::now())) tell(SinkEvent::Kind::spool_full);
}

/// `error`: null when the disk has just done what it was asked to.
void SpooledSink::note_disk(const std::system_error* error) {
  if (error != nullptr) {
    counters_.spool_errors.add();
    counters_.spool_failing.set(1);
    retry_at_ = Clock::now() + kRetry;
    if (failing_.worth_telling(Clock::now())) tell(SinkEvent::Kind::spool_failed, error->what());
  } else if (failed_reads_ == 0 && failing_.end()) {
    counters_.spool_failing.set(0);
    tell(SinkEvent::Kind::spool_recovered);
  }
}

void SpooledSink::note_figures() {
  counters_.spool_bytes.set(spool_->bytes());
  counters_.spool_records.set(spool_->next_record() - spool_->position());
  counters_.spool_unsynced_bytes.set(spool_->unsynced_bytes());
  uint64_t damaged = spool_->take_damaged_records();
  if (damaged > 0) {
    counters_.spool_damaged_records.add(damaged);
    tell(SinkEvent::Kind::spool_damaged, std::to_string(damaged) + " records");
  }
  uint64_t dropped = spool_->take_dropped_records();
  if (dropped == 0) return;
  counters_.dropped_spool_full_records.add(dropped);
  if (crowded_.worth_telling(Clock::now())) tell(SinkEvent::Kind::spool_drops);
}

void SpooledSink::close_behind() {
  Lock lock(mutex_);
  Clock::time_point deadline = deadline_;
  lock.unlock();
  behind_->close(deadline, [self = shared_from_this()] {
    Lock inner(self->mutex_);
    self->behind_closed_ = true;
    self->changed_.notify_one();
  });
  lock.lock();
  changed_.wait(lock, [this] { return behind_closed_; });
  for (Batch& batch : incoming_) pending_.push_back(std::move(batch));
  incoming_.clear();
  if (spool_) take_acknowledged();
}

void SpooledSink::end() {
  if (spool_) {
    tried([this] { spool_->save_position(); });
    tried([this] { spool_->remove_acknowledged(true); });
    note_figures();
    const uint64_t kept = spool_->next_record() - spool_->position();
    if (kept > 0) tell(SinkEvent::Kind::spool_keeps, std::to_string(kept) + " records");
  }
  counters_.spool_failing.set(0);  // the next one, if a reload made one, finds out for itself
  counters_.spool_full.set(0);
  uint64_t left = 0;
  size_t bytes = 0;
  for (Batch& batch : pending_) {
    left += batch.encoded->ends.size();
    bytes += batch.size();
    left_behind_.push_back(std::move(batch.receipt));
  }
  pending_.clear();
  for (Held& held : held_) left_behind_.push_back(std::move(held.receipt));
  counters_.dropped_at_exit_records.add(left);
  if (left > 0) tell(SinkEvent::Kind::dropped_at_exit, std::to_string(left) + " records");
  pushed_less(bytes);
  spool_.reset();  // and its lock
  place_.reset();  // whoever waits for the directory goes on
  Lock lock(mutex_);
  std::function<void()> done = std::exchange(done_, nullptr);
  lock.unlock();
  done();
}

void SpooledSink::tell(SinkEvent::Kind kind, std::string_view reason) {
  if (owner_.log) owner_.log({kind, config_.spool.directory, reason});
}

}  // namespace redactd
