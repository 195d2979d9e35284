#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace redactd {

/// Turns offsets in a stream into lines and columns, as the stream goes by.
class LineCounter {
 public:
  struct Place {
    uint64_t line = 1;
    uint64_t column = 1;  // in bytes
    uint64_t start = 0;   // offset of the line's first byte
  };

  /// Remembers where lines start in the next bytes of the stream.
  void feed(std::string_view bytes);
  /// Offsets have to come in rising order.
  Place locate(uint64_t offset);

 private:
  std::vector<uint64_t> starts_;
  size_t next_ = 0;
  uint64_t seen_ = 0;
  uint64_t line_ = 1;
  uint64_t line_start_ = 0;
};

}  // namespace redactd
