#pragma once

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "filters/wiping_allocator.h"
#include "tests/testing/redact.h"

namespace redactd::test {

/// Every bit of `text` turned over: so a test can hold a secret that must be nowhere in memory.
template <typename Text>
Text turned_over(std::string_view text) {
  Text turned(text.begin(), text.end());
  for (char& byte : turned) byte = static_cast<char>(~byte);
  return turned;
}

/// 40 bytes, turned over.
inline std::string turned_over_secret() {
  std::string turned;
  for (int i = 0; i < 40; ++i) turned += static_cast<char>(~("k4Q-"[i % 4] + i % 7));
  return turned;
}

/// How often the text of which `turned` is turned over stands in this process's memory.
inline size_t copies_in_memory(std::string_view turned) {
  std::ifstream maps("/proc/self/maps");
  std::ifstream memory("/proc/self/mem", std::ios::binary);
  size_t copies = 0;
  std::vector<char> bytes;
  for (std::string line; std::getline(maps, line);) {
    unsigned long long from = 0;
    unsigned long long to = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%llx-%llx %4s", &from, &to, access) != 3) continue;
    if (std::string_view(access).substr(0, 2) != "rw" || to - from > (256u << 20)) continue;
    bytes.resize(to - from);
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(from));
    memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    for (char& byte : bytes) byte = static_cast<char>(~byte);
    copies += count_of({bytes.data(), static_cast<size_t>(memory.gcount())}, turned);
    for (char& byte : bytes) byte = 0;
  }
  return copies;
}

}  // namespace redactd::test
