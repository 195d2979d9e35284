#include "daemon/filter/write_behind.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <system_error>

#include "daemon/filter/stdio.h"

namespace redactd {
namespace {

/// From so many bytes on a batch is worth waking a thread.
constexpr size_t kMuch = 64 * 1024;

}  // namespace

WriteBehind::WriteBehind(int descriptor, size_t batch_bytes)
    : shared_(std::make_shared<Shared>(descriptor, batch_bytes)) {}

WriteBehind::~WriteBehind() {
  if (!thread_.joinable()) return;
  shared_->batches.close();
  if (shared_->ended.get_future().wait_for(kPatience) == std::future_status::ready) {
    thread_.join();
  } else {
    shared_->given_up = true;
    thread_.detach();
  }
}

int WriteBehind::write(std::string_view bytes, bool behind) {
  std::atomic<int>& error = shared_->error;
  if (error != 0) return error;
  if (((!behind || bytes.size() < kMuch) && shared_->batches.waiting() == 0) || !has_thread()) {
    error = write_all(shared_->descriptor, bytes);
    return error;
  }
  while (!bytes.empty()) {
    std::span<char> room = shared_->batches.room();
    if (room.empty()) return error;
    size_t size = std::min(bytes.size(), room.size());
    std::memcpy(room.data(), bytes.data(), size);
    shared_->batches.filled(size);
    bytes.remove_prefix(size);
  }
  return error;
}

int WriteBehind::finish() {
  shared_->batches.close();
  if (thread_.joinable()) thread_.join();
  return shared_->error;
}

bool WriteBehind::has_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([shared = shared_] { shared->run(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void WriteBehind::Shared::run() {
  while (error == 0 && !given_up) {
    std::string_view batch = batches.oldest();
    if (batch.empty()) break;
    error = write_all(descriptor, batch);
    batches.emptied();
  }
  batches.close();
  ended.set_value();
}

}  // namespace redactd
