#pragma once

#include <string.h>

#include <cstddef>
#include <new>
#include <string>
#include <vector>

namespace redactd {

/// For buffers that hold bytes which were not redacted yet: they are overwritten when they are
/// given back, so that no later allocation, core dump or swapped page shows them.
template <typename T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) {}

  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T))); }
  void deallocate(T* memory, size_t count) {
    explicit_bzero(memory, count * sizeof(T));
    ::operator delete(memory);
  }

  template <typename U>
  bool operator==(const WipingAllocator<U>&) const {
    return true;
  }
};

/// Text that is overwritten when its memory is given back (all but what fits into the string
/// itself).
using SecretText = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;
using SecretBytes = std::vector<unsigned char, WipingAllocator<unsigned char>>;
/// Bytes that are not redacted yet, or a secret's own.
using WipedBuffer = std::vector<char, WipingAllocator<char>>;

/// Overwrites the text and makes it empty.
inline void wipe(std::string& text) {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace redactd
