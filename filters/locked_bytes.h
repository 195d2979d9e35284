#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace redactd {

/// A key in pages of its own, which stay out of swap, core dumps and children of a fork, and are
/// overwritten when the last copy goes. Immutable; copies share the pages, in any thread.
class LockedBytes {
 public:
  LockedBytes() = default;
  /// Throws std::bad_alloc when there is no memory.
  explicit LockedBytes(std::string_view bytes);

  std::string_view view() const;
  bool empty() const { return view().empty(); }
  /// 0, or errno: the kernel does not lock the pages, so that they may be written to swap.
  int lock_error() const;

 private:
  struct Pages;
  std::shared_ptr<const Pages> pages_;
};

}  // namespace redactd
