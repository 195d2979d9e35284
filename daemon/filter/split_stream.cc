#include "daemon/filter/split_stream.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "filters/byte_search.h"
#include "filters/spans/key_bytes.h"

namespace redactd {
namespace {

constexpr size_t kSpareSlots = 2;  // one is filled, one put out
/// Of an unfinished record. A longer one is the redactor's.
constexpr size_t kMostRest = 128 * 1024;

/// Of a private key and what stands before its lines.
constexpr size_t kMostOfKey = 8 * 1024;
/// Records behind a key, one by one: as many as may pass until its value comes.
constexpr size_t kMostAgain = 4;

/// Whole records.
std::string_view put_through(Redactor& redactor, std::string_view records) {
  std::copy(records.begin(), records.end(), redactor.prepare(records.size()).begin());
  return redactor.commit(records.size());
}

/// Behind the last line feed; 0: there is none.
size_t end_of_records(std::string_view bytes) {
  return last_place(bytes, '\n') + 1;  // npos + 1 is 0
}

/// The quick look that most logs do not pass.
bool ends_like_a_key(std::string_view records) {
  constexpr size_t kLookedAt = 8;
  while (records.ends_with('\n') || records.ends_with('\r')) records.remove_suffix(1);
  records.remove_prefix(records.size() - std::min(records.size(), kLookedAt));
  return std::all_of(records.begin(), records.end(), is_key_byte);
}

/// Where a batch ends best: not in a private key, or what follows is redacted twice.
size_t end_of_batch(std::string_view bytes) {
  const size_t end = end_of_records(bytes);
  if (!ends_like_a_key(bytes.substr(0, end))) return end;
  const size_t from = end - std::min(end, kMostOfKey);
  const std::string_view last = bytes.substr(from, end - from);
  const size_t key = last.rfind("-----BEGIN ");
  if (key == last.npos || last.find("-----END ", key) != last.npos) return end;
  const size_t before = end_of_records(bytes.substr(0, from + key));
  return before == 0 ? end : before;
}

}  // namespace

size_t usable_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return std::thread::hardware_concurrency();
  return static_cast<size_t>(CPU_COUNT(&set));
}

SplitStream::SplitStream(Redactor& redactor, size_t threads)
    : redactor_(redactor), threads_wanted_(threads < 2 ? 0 : std::min(threads, kMostScanners)) {}

SplitStream::~SplitStream() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  begun_or_closed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool SplitStream::full() const {
  return busy() && (begun_ - taken_ == slots_.size() || !can_split());
}

/// Whether the next batch begins with a record of which the redactor need not know what was before,
/// but for a few records.
bool SplitStream::can_split() const {
  return redactor_.held_bytes() == 0 && !redactor_.in_long_block() && rest_.size() < kMostRest;
}

std::span<char> SplitStream::prepare(size_t size, bool more) {
  if (more && threads_wanted_ > threads_.size()) start();
  more_ = more && !threads_.empty();
  split_ = more_ && can_split();
  Redactor& next = split_ ? slot(begun_).redactor : redactor_;
  room_ = next.prepare(rest_.size() + size);
  std::copy(rest_.begin(), rest_.end(), room_.begin());
  return room_.subspan(rest_.size());
}

std::string_view SplitStream::commit(size_t size) {
  size += rest_.size();
  size_t ready = more_ ? end_of_batch({room_.data(), size}) : size;
  // A record that goes on is held back for the next slot, but a long one is the redactor's.
  if (ready == 0 && !split_) ready = size;
  rest_.assign(room_.begin() + static_cast<std::ptrdiff_t>(ready),
               room_.begin() + static_cast<std::ptrdiff_t>(size));
  if (!split_) return redactor_.commit(ready);
  if (ready > 0) begin(ready);
  return {};
}

std::string_view SplitStream::take() {
  Slot& oldest = slot(taken_);
  {
    std::unique_lock lock(mutex_);
    oldest_done_.wait(lock, [&] { return oldest.done; });
    oldest.done = false;
    ++taken_;
  }
  if (oldest.error) std::rethrow_exception(oldest.error);
  StreamState state = oldest.redactor.take_state();
  if (redactor_.in_block()) return redact_again(oldest, std::move(state));
  redactor_.add_state(std::move(state));
  return oldest.view;
}

std::string_view SplitStream::flush() {
  prepare(0, false);
  return commit(0);
}

/// A batch before which a key is open. Its first records are redacted both with the key and
/// without, and where they leave the same to the next ones the batch is right from there on.
std::string_view SplitStream::redact_again(Slot& batch, StreamState state) {
  std::string_view bytes = batch.redactor.original();
  if (!without_key_) without_key_ = std::make_unique<PartRedactor>(redactor_);
  Redactor& without = without_key_->redactor;
  size_t wrong = 0;  // bytes of the batch's view
  joined_.clear();
  for (size_t i = 0; i < kMostAgain && !bytes.empty(); ++i) {
    const std::string_view record = bytes.substr(0, bytes.find('\n') + 1);
    bytes.remove_prefix(record.size());
    joined_ += put_through(redactor_, record);
    wrong += put_through(without, record).size();
    if (redactor_.goes_on_as(without)) break;
  }
  if (redactor_.goes_on_as(without)) {
    state.counters.subtract(without.take_state().counters);
    redactor_.add_state(std::move(state));
    joined_ += batch.view.substr(wrong);
  } else {
    without.take_state();
    joined_ += put_through(redactor_, bytes);
  }
  return joined_;
}

void SplitStream::begin(size_t size) {
  slot(begun_).size = size;
  {
    std::lock_guard lock(mutex_);
    ++begun_;
  }
  begun_or_closed_.notify_one();
}

void SplitStream::start() {
  try {
    while (slots_.size() < threads_wanted_ + kSpareSlots)
      slots_.push_back(std::make_unique<Slot>(redactor_));
    while (threads_.size() < threads_wanted_) threads_.emplace_back([this] { scan(); });
  } catch (const std::exception&) {
    threads_wanted_ = threads_.size();  // those that are to be had do it
  }
}

/// A thread.
void SplitStream::scan() {
  std::unique_lock lock(mutex_);
  while (true) {
    begun_or_closed_.wait(lock, [this] { return closed_ || claimed_ < begun_; });
    if (closed_) return;
    size_t batch = claimed_++;
    lock.unlock();
    Slot& mine = slot(batch);
    try {
      mine.view = mine.redactor.commit(mine.size);
    } catch (...) {
      mine.error = std::current_exception();
    }
    lock.lock();
    mine.done = true;
    if (batch == taken_) oldest_done_.notify_one();
  }
}

}  // namespace redactd
