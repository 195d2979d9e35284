#pragma once

// Records that tell their number, to see what is lost, doubled or out of order.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/framing/encoding.h"

namespace redactd::test {

/// `record N …` with a newline; `size` bytes of filling.
inline std::shared_ptr<const Encoded> numbered(uint64_t first, size_t count, size_t size = 20) {
  auto encoded = std::make_shared<Encoded>();
  for (uint64_t i = first; i < first + count; ++i) {
    encoded->bytes += "record " + std::to_string(i) + " " + std::string(size, 'x') + "\n";
    encoded->ends.push_back(static_cast<uint32_t>(encoded->bytes.size()));
  }
  return encoded;
}

/// Appends the numbers in `encoded` to `to`; false if there is anything else in it.
inline bool numbers_of(const Encoded& encoded, std::vector<uint64_t>& to) {
  size_t begin = 0;
  for (uint32_t end : encoded.ends) {
    std::string record = encoded.bytes.substr(begin, end - begin);
    begin = end;
    if (!record.starts_with("record ") || record.back() != '\n') return false;
    to.push_back(std::stoull(record.substr(7)));
    if (record.find_first_not_of('x', record.find(' ', 7) + 1) != record.size() - 1) return false;
  }
  return begin == encoded.bytes.size();
}

}  // namespace redactd::test
