#pragma once

// Where the bytes of an input are cut, taken from its end, so that seeds read as text: the last
// byte counts the cuts, the byte before it chooses the options, and the two bytes of each cut stand
// before those.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace redactd::fuzz {

struct Schedule {
  std::string_view bytes;    // the input without what stands behind it
  std::vector<size_t> cuts;  // ascending
  unsigned options = 0;
};

/// A view of `data`; the input needs two bytes at least.
inline Schedule schedule_of(const uint8_t* data, size_t size) {
  Schedule schedule;
  auto number = [&](size_t at) { return static_cast<unsigned>(data[at]); };
  const size_t count = std::min<size_t>(number(size - 1) % 16, (size - 2) / 2);
  const size_t end = size - 2 - 2 * count;
  schedule.bytes = {reinterpret_cast<const char*>(data), end};
  schedule.options = number(size - 2);
  for (size_t at = end; at < size - 2; at += 2)
    schedule.cuts.push_back((number(at) * 256 + number(at + 1)) % (end + 1));
  std::sort(schedule.cuts.begin(), schedule.cuts.end());
  return schedule;
}

}  // namespace redactd::fuzz
