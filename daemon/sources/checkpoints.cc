#include "daemon/sources/checkpoints.h"

namespace redactd {

std::shared_ptr<Checkpoints::Checkpoint> Checkpoints::open() {
  std::lock_guard lock(mutex_);
  open_.emplace_back();
  return std::make_shared<Checkpoint>(shared_from_this(), first_ + open_.size() - 1);
}

std::optional<Position> Checkpoints::take_written() {
  std::lock_guard lock(mutex_);
  return std::exchange(written_, std::nullopt);
}

void Checkpoints::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

void Checkpoints::written(Checkpoint& checkpoint) {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  open_[checkpoint.number_ - first_] = std::move(checkpoint.position);
  while (!open_.empty() && open_.front()) {
    written_ = std::move(open_.front());
    open_.pop_front();
    ++first_;
  }
}

}  // namespace redactd
