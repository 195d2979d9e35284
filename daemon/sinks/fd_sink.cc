#include "daemon/sinks/fd_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/descriptor.h"
#include "daemon/process/block_signals.h"

namespace redactd {
namespace {

// Little enough that a slow reader makes room bit by bit.
constexpr size_t kWriteBytes = 256 * 1024;
constexpr size_t kWriteViews = 64;
constexpr std::chrono::seconds kRetry{1};

/// No link is followed: whoever may write to the folder would choose where records go.
std::string text_of(int error) {
  if (error == ELOOP) return "is a symbolic link; name the file that it leads to";
  if (error == ENXIO) return "is a named pipe that nobody reads; start its reader first";
  return std::generic_category().message(error);
}

/// A named pipe is not waited for until somebody reads it; its writes wait as a file's do. A file
/// that is there keeps its permissions.
int open_to_append(const SinkConfig& config) {
  int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
  auto mode = static_cast<mode_t>(config.file_mode);
  int opened = open(config.path.c_str(), flags | O_NONBLOCK | O_EXCL, mode);
  if (opened >= 0) {
    fchmod(opened, mode);  // the umask may have taken bits away
  } else if (errno == EEXIST) {
    opened = open(config.path.c_str(), flags | O_NONBLOCK, mode);
  }
  if (opened >= 0) fcntl(opened, F_SETFL, flags);
  return opened;
}

/// Of records that have none their length tells where they end.
std::optional<char> record_end(Framing framing) {
  if (framing == Framing::newline) return '\n';
  return framing == Framing::nul ? std::optional('\0') : std::nullopt;
}

/// Whether the file's last record lacks its end, as after a crash in the middle of a write.
bool ends_with_half_record(const SinkConfig& config) {
  const std::optional<char> end = record_end(config.framing);
  struct stat is = {};
  if (!end || stat(config.path.c_str(), &is) != 0 || !S_ISREG(is.st_mode)) return false;
  const Descriptor file(open(config.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC));
  char last = *end;
  return is.st_size > 0 && pread(file.get(), &last, 1, is.st_size - 1) == 1 && last != *end;
}

bool are_one_file(int a, int b) {
  struct stat of_a = {};
  struct stat of_b = {};
  return fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

}  // namespace

std::shared_ptr<FdSink> FdSink::start(const SinkConfig& config, int descriptor,
                                      boost::asio::io_context& home, SinkCounters& counters,
                                      SinkOwner owner) {
  if (config.type == SinkConfig::Type::file && (descriptor = open_to_append(config)) < 0) {
    throw std::runtime_error("cannot open " + config.path + ": " + text_of(errno));
  }
  std::shared_ptr<FdSink> sink(new FdSink(config, descriptor, home, counters, std::move(owner)));
  std::thread([sink] { sink->run(); }).detach();
  return sink;
}

FdSink::FdSink(const SinkConfig& config, int descriptor, boost::asio::io_context& home,
               SinkCounters& counters, SinkOwner owner)
    : Sink(config),
      counters_(counters),
      owner_(std::move(owner)),
      home_(home),
      descriptor_(descriptor),
      queue_(config.queue_bytes, config.when_full),
      waiters_(config.queue_bytes) {
  if (config.type == SinkConfig::Type::file) {
    file_.emplace(descriptor);
    behind_half_record_ = file_->alone() && ends_with_half_record(config);
  }
  set_up(true);
}

FdSink::~FdSink() {
  if (config_.type == SinkConfig::Type::file) ::close(descriptor_);
}

void FdSink::push(Batch batch) {
  if (batch.canary) return (*batch.canary)(batch.encoded->bytes);
  Lock lock(mutex_);
  if (gone_ || abandoned_ || finished_) {
    left_behind_.push_back(std::move(batch.receipt));
    return counters_.dropped_at_exit_records.add(batch.encoded->ends.size());
  }
  size_t before = queue_.queued();
  Queue::Dropped dropped = queue_.push(std::move(batch));
  update_queued(before);
  counters_.dropped_newest_records.add(dropped.newest);
  counters_.dropped_oldest_records.add(dropped.oldest);
  dropped_ = dropped_ || dropped.any();
  changed_.notify_one();
}

void FdSink::when_room(std::function<void()> wake) {
  Lock lock(mutex_);
  if (full() && !gone_ && !abandoned_) return waiters_.add(std::move(wake));
  lock.unlock();
  wake();
}

void FdSink::reopen() {
  if (config_.type != SinkConfig::Type::file) return;
  Lock lock(mutex_);
  reopen_ = true;
  changed_.notify_one();
}

void FdSink::close(std::chrono::steady_clock::time_point deadline, std::function<void()> done) {
  {
    Lock lock(mutex_);
    closing_ = true;
    done_ = std::move(done);
    changed_.notify_one();
  }
  boost::asio::post(home_,
                    [self = shared_from_this(), deadline] { self->start_deadline(deadline); });
}

/// Those of a write that stands still are in the queue yet.
bool FdSink::keeps_receipts() const {
  Lock lock(mutex_);
  return abandoned_ || any_kept(left_behind_);
}

void FdSink::start_deadline(std::chrono::steady_clock::time_point deadline) {
  Lock lock(mutex_);
  if (finished_) return;
  auto timer = std::make_shared<boost::asio::steady_timer>(home_, deadline);
  deadline_ = timer;
  timer->async_wait([self = shared_from_this(), timer](boost::system::error_code error) {
    if (!error) self->on_deadline();
  });
}

void FdSink::on_deadline() {
  Lock lock(mutex_);
  if (finished_) return;
  abandoned_ = true;
  changed_.notify_one();
  // The queue stays as it is: a stalled write may still look at it.
  Queue::Left left = queue_.left(0);
  counters_.records.add(left.arrived.records);
  counters_.bytes.add(left.arrived.bytes);
  counters_.dropped_at_exit_records.add(left.records);
  set_up(false);
  counters_.queued_bytes.set(0);
  queued_.store(0, std::memory_order_relaxed);
  if (left.records > 0)
    tell(lock, SinkEvent::Kind::dropped_at_exit, std::to_string(left.records) + " records");
  wake_waiters(lock, 0);
  std::function<void()> done = std::exchange(done_, nullptr);
  lock.unlock();
  done();
}

void FdSink::run() {
  block_signals();
  Lock lock(mutex_);
  while (wait_for_work(lock)) {
    if (std::exchange(reopen_, false)) {
      open_again(lock);
    } else if (behind_half_record_) {
      end_half_record(lock);
    } else {
      write_some(lock);
    }
  }
  if (!abandoned_) finish(lock);
}

/// False when there will never be any.
bool FdSink::wait_for_work(Lock& lock) {
  changed_.wait(lock, [this] { return queue_.queued() > 0 || reopen_ || closing_ || abandoned_; });
  return !abandoned_ && (queue_.queued() > 0 || reopen_);
}

void FdSink::write_some(Lock& lock) {
  queue_.gather(kWriteBytes, kWriteViews, views_);
  lock.unlock();
  vectors_.clear();
  for (std::string_view view : views_) {
    vectors_.push_back({const_cast<char*>(view.data()), view.size()});
  }
  ssize_t size = writev(descriptor_, vectors_.data(), static_cast<int>(vectors_.size()));
  int error = size < 0 ? errno : 0;
  if (error == EAGAIN) {  // somebody else made standard output non-blocking
    pollfd ready{descriptor_, POLLOUT, 0};
    poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(kRetry).count()));
  }
  lock.lock();
  if (abandoned_) return;
  if (std::exchange(dropped_, false) && crowded_.worth_telling(std::chrono::steady_clock::now()))
    tell(lock, SinkEvent::Kind::queue_drops);
  if (abandoned_) return;
  if (error == 0) return written(lock, static_cast<size_t>(size));
  if (error == EAGAIN || error == EINTR) return;
  if (error == EPIPE && config_.type == SinkConfig::Type::stdout_) return reader_is_gone(lock);
  failed(lock, error);
}

void FdSink::written(Lock& lock, size_t bytes) {
  size_t before = queue_.queued();
  const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
  for (const Queue::Finished& batch : queue_.sent(bytes)) {
    counters_.latency.observe(std::chrono::duration<double>(now - batch.received).count(),
                              batch.records);
  }
  Queue::Released released = queue_.release(0);
  counters_.batches.add(released.batches);
  counters_.records.add(released.records);
  counters_.bytes.add(released.bytes);
  update_queued(before);
  if (outage_.end()) {
    set_up(true);
    tell(lock, SinkEvent::Kind::write_recovered);
  }
  wake_waiters(lock, queue_.queued());
}

/// It stays a record of its own. Written only when another comes.
void FdSink::end_half_record(Lock& lock) {
  lock.unlock();
  const char end = *record_end(config_.framing);
  const int error = ::write(descriptor_, &end, 1) == 1 ? 0 : errno;
  lock.lock();
  behind_half_record_ = error != 0;
  if (error != 0 && !abandoned_) failed(lock, error);
}

/// The batch is kept and tried again. A record that was torn begins anew, for nobody knows what
/// comes before there is space: another file at the path, the end of redactd. Not in a named pipe,
/// which has the half for its next reader.
void FdSink::failed(Lock& lock, int error) {
  if (cut_off_half_record()) begin_record_anew();
  const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
  counters_.write_errors.add();
  set_up(false);
  if (outage_.worth_telling(now)) tell(lock, SinkEvent::Kind::write_failed, text_of(error));
  changed_.wait_for(lock, kRetry, [this] { return reopen_ || abandoned_; });
}

/// If nobody has written behind it. False: it stands there, or there is none.
bool FdSink::cut_off_half_record() const {
  const size_t begun = queue_.begun();
  const off_t end = lseek(descriptor_, 0, SEEK_CUR);  // of what was appended last
  struct stat is = {};
  return config_.type == SinkConfig::Type::file && begun > 0 && fstat(descriptor_, &is) == 0 &&
         S_ISREG(is.st_mode) && is.st_size == end &&
         ftruncate(descriptor_, end - static_cast<off_t>(begun)) == 0;
}

void FdSink::begin_record_anew() {
  const size_t before = queue_.queued();
  queue_.rewind(0);
  update_queued(before);
}

void FdSink::open_again(Lock& lock) {
  if (cut_off_half_record()) begin_record_anew();
  lock.unlock();
  int opened = open_to_append(config_);
  int error = opened < 0 ? errno : 0;
  const bool another = opened >= 0 && !are_one_file(opened, descriptor_);
  if (opened >= 0) {
    ::close(descriptor_);
    descriptor_ = opened;
    file_.emplace(opened);
  }
  lock.lock();
  if (abandoned_) return;
  if (error != 0) return tell(lock, SinkEvent::Kind::reopen_failed, text_of(error));
  if (another) begin_record_anew();  // a record that was torn is written whole there
  tell(lock, SinkEvent::Kind::reopened);
}

void FdSink::reader_is_gone(Lock& lock) {
  gone_ = true;
  Queue::Left left = queue_.left(0);
  counters_.write_errors.add();
  set_up(false);
  counters_.records.add(left.arrived.records);
  counters_.bytes.add(left.arrived.bytes);
  counters_.dropped_at_exit_records.add(left.records);
  size_t before = queue_.queued();
  queue_.abandon(left_behind_);
  update_queued(before);
  wake_waiters(lock, queue_.queued());
  lock.unlock();
  if (owner_.reader_gone) owner_.reader_gone();
  lock.lock();
}

void FdSink::finish(Lock& lock) {
  finished_ = true;
  file_.reset();
  set_up(false);
  std::function<void()> done = std::exchange(done_, nullptr);
  lock.unlock();
  boost::asio::post(home_, [self = shared_from_this()] {
    if (auto timer = self->deadline_.lock()) timer->cancel();
  });
  done();
}

void FdSink::tell(Lock& lock, SinkEvent::Kind kind, std::string_view reason) {
  if (!owner_.log) return;
  lock.unlock();
  owner_.log({kind, endpoint(), reason});
  lock.lock();
}

void FdSink::wake_waiters(Lock& lock, size_t queued) {
  std::vector<RoomWaiters::Wake> awake = waiters_.take(queued);
  if (awake.empty()) return;
  lock.unlock();
  for (const RoomWaiters::Wake& wake : awake) wake();
  lock.lock();
}

/// Over a reload the sink before it, or the one behind it, counts as well.
void FdSink::set_up(bool up) {
  if (up == up_) return;
  up_ = up;
  up ? counters_.connected.add() : counters_.connected.subtract(1);
  if (up) return counters_.down_since_ms.set(0);
  if (counters_.connected.get() == 0) counters_.note_down();
}

/// `before`: what was queued before the queue changed.
void FdSink::update_queued(size_t before) {
  queued_.fetch_add(queue_.queued() - before, std::memory_order_relaxed);
  counters_.queued_bytes.set(queue_.queued());
}

std::string_view FdSink::endpoint() const {
  return config_.type == SinkConfig::Type::file ? std::string_view(config_.path) : "stdout";
}

}  // namespace redactd
