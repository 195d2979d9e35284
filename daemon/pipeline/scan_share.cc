#include "daemon/pipeline/scan_share.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace redactd {
namespace {

/// With one large read, which takes a millisecond: longer than that.
constexpr std::chrono::milliseconds kBusyFor{3};

}  // namespace

ScanShare* ScanShare::idle(Time now) const {
  auto found = std::find_if(others_.begin(), others_.end(), [now](const ScanShare* other) {
    return other->last_large_.load(std::memory_order_relaxed) < now - kBusyFor;
  });
  return found == others_.end() ? nullptr : *found;
}

bool ScanShare::worth(size_t bytes, Time now) {
  if (bytes < 2 * kPartBytes) return false;
  last_large_.store(now, std::memory_order_relaxed);
  helper_ = idle(now);
  helped_ = helped_ && helper_ != nullptr;
  return helper_ != nullptr;
}

ScanShare::Read::Read(ScanShare& share, const Redactor& of, std::span<const std::string_view> parts)
    : share_(share), round_(std::make_shared<Round>()) {
  std::vector<std::shared_ptr<Slot>>& slots = share.slots_;
  if (!slots.empty() && !slots.front()->redactor.same_rules(of)) slots.clear();
  while (slots.size() < parts.size()) slots.push_back(std::make_shared<Slot>(of));
  for (size_t i = 0; i < parts.size(); ++i) {
    Slot& slot = *slots[i];
    slot.records = parts[i];
    slot.taken = false;
    slot.done.store(false, std::memory_order_relaxed);
    round_->slots[i] = slots[i];
  }
  round_->count = parts.size();
  share.helper_->help(round_);
}

/// Of another worker's thread.
void ScanShare::help(const std::shared_ptr<Round>& round) {
  boost::asio::post(context_, [round] {
    while (redact_next(*round)) round->by_others.fetch_add(1, std::memory_order_relaxed);
  });
}

/// False: every part has somebody who redacts it.
bool ScanShare::redact_next(Round& round) {
  size_t mine = round.next.fetch_add(1, std::memory_order_relaxed);
  if (mine >= round.count) return false;
  Slot& slot = *round.slots[mine];
  try {
    slot.view = slot.redactor.commit_records(slot.records);
  } catch (...) {
    slot.error = std::current_exception();
  }
  slot.done.store(true, std::memory_order_release);
  slot.done.notify_one();
  return true;
}

ScanShare::Read::Redacted ScanShare::Read::take(size_t part) {
  Slot& slot = *round_->slots[part];
  while (!slot.done.load(std::memory_order_acquire)) {
    if (!redact_next(*round_)) slot.done.wait(false, std::memory_order_acquire);
  }
  if (slot.error) std::rethrow_exception(slot.error);
  slot.taken = true;
  return {slot.redactor, slot.view};
}

void ScanShare::Read::finish() {
  if (!round_) return;
  const size_t begun = std::min(round_->next.exchange(round_->count), round_->count);
  bool failed = false;
  for (size_t i = 0; i < begun; ++i) {
    Slot& slot = *round_->slots[i];
    slot.done.wait(false, std::memory_order_acquire);
    failed = failed || slot.error;
    if (!slot.taken && !slot.error) slot.redactor.take_state();
  }
  share_.helped_ = round_->by_others.load(std::memory_order_relaxed) * 4 >= round_->count;
  if (failed) share_.slots_.clear();
  round_.reset();
}

void ScanShare::forget() {
  slots_.clear();
  helped_ = false;
}

}  // namespace redactd
