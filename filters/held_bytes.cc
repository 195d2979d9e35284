#include "filters/held_bytes.h"

#include <algorithm>
#include <cstring>

#include "filters/give_back.h"

namespace redactd {
namespace {

// A held tail so short goes back to the front of the buffer, which so stays in the cache.
constexpr size_t kCheapToMove = 16 * 1024;

}  // namespace

std::span<char> HeldBytes::room(size_t size, uint64_t keep) {
  const size_t held = needed(keep);
  size_t used = static_cast<size_t>(end_ - begin_);
  const bool fits = used + size + 2 * kScanPadding <= buffer_.size();
  if (!fits || held <= kCheapToMove) {
    if (held > 0) {
      char* front = buffer_.data() + kScanPadding;
      std::memmove(front, front + (keep - begin_), held);
    }
    begin_ = keep;
    used = held;
    const size_t wanted = held + size + 2 * kScanPadding;
    if (wanted > buffer_.size()) buffer_.resize(wanted + wanted / 2);
  }
  return {buffer_.data() + kScanPadding + used, buffer_.size() - 2 * kScanPadding - used};
}

std::string_view HeldBytes::add(size_t size) {
  const uint64_t from = end_;
  end_ += size;
  return view(from, end_);
}

void HeldBytes::add_elsewhere(std::string_view bytes) {
  elsewhere_ = bytes.data();
  begin_ = end_;
  end_ += bytes.size();
}

void HeldBytes::let_go() {
  if (elsewhere_ != nullptr) begin_ = end_;
  elsewhere_ = nullptr;
}

void HeldBytes::clear() {
  redactd::give_back(buffer_);
  begin_ = end_;
}

void HeldBytes::move_into(WipedBuffer& buffer, uint64_t keep) {
  std::string_view held = view(keep, end_);
  std::copy(held.begin(), held.end(), buffer.begin() + kScanPadding);
  begin_ = keep;
  buffer_.swap(buffer);
}

void HeldBytes::borrow(WipedBuffer& shared, uint64_t keep) {
  if (shared.size() <= buffer_.size()) return;
  if (shared.size() >= needed(keep) + 2 * kScanPadding) move_into(shared, keep);
}

void HeldBytes::give_back(WipedBuffer& shared, uint64_t keep) {
  const size_t held = needed(keep);
  if (held > kCheapToMove || buffer_.size() <= shared.size()) return;
  WipedBuffer small(held == 0 ? 0 : held + 2 * kScanPadding);
  if (held > 0) {
    move_into(small, keep);
  } else {
    begin_ = end_;
    buffer_.swap(small);
  }
  shared.swap(small);
}

}  // namespace redactd
