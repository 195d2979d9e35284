#include "filters/locked_bytes.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace redactd {

struct LockedBytes::Pages {
  explicit Pages(std::string_view bytes)
      : size(bytes.size()),
        memory(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (memory == MAP_FAILED) throw std::bad_alloc();
    if (mlock(memory, size) != 0) lock_error = errno;
    madvise(memory, size, MADV_DONTDUMP);
    madvise(memory, size, MADV_WIPEONFORK);
    std::copy(bytes.begin(), bytes.end(), static_cast<char*>(memory));
  }
  ~Pages() {
    explicit_bzero(memory, size);
    munmap(memory, size);
  }
  Pages(const Pages&) = delete;

  const size_t size;
  void* const memory;
  int lock_error = 0;
};

LockedBytes::LockedBytes(std::string_view bytes)
    : pages_(bytes.empty() ? nullptr : std::make_shared<const Pages>(bytes)) {}

std::string_view LockedBytes::view() const {
  if (!pages_) return {};
  return {static_cast<const char*>(pages_->memory), pages_->size};
}

int LockedBytes::lock_error() const { return pages_ ? pages_->lock_error : 0; }

}  // namespace redactd
