#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace redactd {

/// A stretch of one text without the byte. Who asks for one stretch after another, each a little
/// further on, has the text looked through once.
template <char kByte>
class ByteGap {
 public:
  /// Whether the byte stands in [begin, end) of the text, which is always the same.
  bool stands_in(std::string_view text, size_t begin, size_t end) {
    if (from_ <= begin && end <= end_) return false;
    if (begin <= end_ && end_ < end && text[end_] == kByte) return true;
    constexpr size_t kAhead = 4096;
    const size_t limit = std::min(text.size(), end + kAhead);
    const void* found =
        begin < limit ? std::memchr(text.data() + begin, kByte, limit - begin) : nullptr;
    from_ = begin;
    end_ = found == nullptr ? limit
                            : static_cast<size_t>(static_cast<const char*>(found) - text.data());
    return end_ < end;
  }

 private:
  size_t from_ = 1;
  size_t end_ = 0;  // less than from_: nothing is known
};

}  // namespace redactd
