#include "daemon/write_behind.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <system_error>

#include "daemon/stdio.h"

namespace redactd {
namespace {

/// From so many bytes on a batch is worth waking a thread.
constexpr size_t kMuch = 64 * 1024;

}  // namespace

WriteBehind::WriteBehind(int descriptor, size_t batch_bytes)
    : descriptor_(descriptor), batches_(batch_bytes) {}

WriteBehind::~WriteBehind() { finish(); }

int WriteBehind::write(std::string_view bytes) {
  if (error_ != 0) return error_;
  if ((bytes.size() < kMuch && batches_.idle()) || !has_thread()) {
    error_ = write_all(descriptor_, bytes);
    return error_;
  }
  while (!bytes.empty()) {
    std::span<char> room = batches_.room();
    if (room.empty()) return error_;
    size_t size = std::min(bytes.size(), room.size());
    std::memcpy(room.data(), bytes.data(), size);
    batches_.filled(size);
    bytes.remove_prefix(size);
  }
  return error_;
}

int WriteBehind::finish() {
  batches_.close();
  if (thread_.joinable()) thread_.join();
  return error_;
}

bool WriteBehind::has_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void WriteBehind::run() {
  while (error_ == 0) {
    std::string_view batch = batches_.oldest();
    if (batch.empty()) return;
    error_ = write_all(descriptor_, batch);
    batches_.emptied();
  }
  batches_.close();
}

}  // namespace redactd
