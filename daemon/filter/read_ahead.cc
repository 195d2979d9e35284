#include "daemon/filter/read_ahead.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

namespace redactd {
namespace {

/// A read of so many bytes: more were waiting than a writer of lines leaves.
constexpr size_t kMuch = 64 * 1024;

}  // namespace

ReadAhead::ReadAhead(int descriptor, int stop, bool drains, size_t batch_bytes)
    : descriptor_(descriptor), stop_(stop), drains_(drains), batches_(batch_bytes) {}

ReadAhead::~ReadAhead() {
  if (thread_.joinable()) {
    eventfd_write(quit_, 1);
    batches_.close();
    thread_.join();
  }
  if (quit_ >= 0) close(quit_);
}

ReadResult ReadAhead::read_here(std::span<char> room) {
  while (left_ > 0) {
    ReadResult result =
        read_some(descriptor_, stop_, room.first(std::min(left_, room.size())), quit_);
    if (result.end == ReadEnd::stopped && drains_ && left_ == SIZE_MAX) {
      left_ = bytes_waiting(descriptor_);
      stop_ = -1;
      continue;
    }
    if (left_ != SIZE_MAX) left_ -= result.size;
    return result;
  }
  return {0, ReadEnd::stopped, 0};
}

ReadResult ReadAhead::read(std::span<char> room, bool ahead) {
  if (!thread_.joinable()) {
    ReadResult result = read_here(room);
    if (ahead && result.size >= kMuch) start();
    return result;
  }
  std::string_view batch = batches_.oldest();
  if (batch.empty()) return end_;
  std::memcpy(room.data(), batch.data(), batch.size());
  size_t size = batch.size();
  batches_.emptied();
  return {size, ReadEnd::none, 0};
}

size_t ReadAhead::waiting() {
  return thread_.joinable() ? batches_.waiting() : bytes_waiting(descriptor_);
}

void ReadAhead::start() {
  if (quit_ < 0) quit_ = eventfd(0, EFD_CLOEXEC);
  if (quit_ < 0) return;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // No thread to be had: reads stay direct.
  }
}

void ReadAhead::run() {
  try {
    while (true) {
      std::span<char> room = batches_.room();
      if (room.empty()) return;
      ReadResult result = read_here(room);
      if (result.end != ReadEnd::none) {
        end_ = result;
        break;
      }
      batches_.filled(result.size);
    }
  } catch (const std::bad_alloc&) {
    end_ = {0, ReadEnd::failed, ENOMEM};
  }
  batches_.close();
}

}  // namespace redactd
