#pragma once

// The bytes of a stream that are not settled yet, and what before them still has to be seen.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "filters/matcher/matcher.h"
#include "filters/wiping_allocator.h"

namespace redactd {

/// Belongs to one stream and one thread at a time. Places count from the start of the stream; there
/// are bytes from begin() to end(), with kScanPadding readable ones around them. What is called
/// `keep` is the place from which on they are still needed. A view is valid until the next call of
/// a function that is not const, but for add().
class HeldBytes {
 public:
  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }
  std::string_view all() const { return view(begin_, end_); }
  /// From begin() on, and up to end() or as far as the room goes.
  std::string_view view(uint64_t from, uint64_t to) const {
    if (from == to) return {};
    const char* bytes = elsewhere_ != nullptr ? elsewhere_ : buffer_.data() + kScanPadding;
    return {bytes + (from - begin_), static_cast<size_t>(to - from)};
  }

  /// Room for at least `size` more bytes. None lie elsewhere.
  std::span<char> room(size_t size, uint64_t keep);
  /// The first `size` bytes of the room are the stream's next ones.
  std::string_view add(size_t size);
  /// The next bytes lie elsewhere and stay there. No byte may be needed of those before.
  void add_elsewhere(std::string_view bytes);
  /// Forgets bytes that lie elsewhere.
  void let_go();
  /// Gives back all bytes and their memory.
  void clear();

  /// Takes the buffer that several streams share for its own, if it is the larger one.
  void borrow(WipedBuffer& shared, uint64_t keep);
  /// Puts its buffer back, if it is the larger one, and keeps one as large as what is held. With
  /// much in it it stays.
  void give_back(WipedBuffer& shared, uint64_t keep);

 private:
  size_t needed(uint64_t keep) const { return static_cast<size_t>(end_ - keep); }
  void move_into(WipedBuffer& buffer, uint64_t keep);

  WipedBuffer buffer_;  // kScanPadding, then the bytes [begin_, end_) and room, then kScanPadding
  const char* elsewhere_ = nullptr;  // not null: there they are
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

}  // namespace redactd
