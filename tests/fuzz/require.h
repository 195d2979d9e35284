#pragma once

// What every fuzz target needs: its entry and a way to say that a law is broken.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace redactd::fuzz {

/// Ends the process when a law is broken: that is how a fuzzer learns of it.
inline void require(bool holds, const char* law) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", law);
  std::abort();
}

}  // namespace redactd::fuzz
