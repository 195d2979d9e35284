#pragma once

#include <re2/re2.h>

#include <cstdint>

namespace redactd {

/// What RE2 may keep of an expression while it searches, where that is all of a rule.
inline constexpr int64_t kMemoryOfRule = int64_t{64} << 20;

/// For RE2, of bytes, not UTF-8: one invalid byte must not hide a secret. What is wrong with an
/// expression is told by the caller.
inline re2::RE2::Options byte_options(int64_t max_memory = re2::RE2::Options::kDefaultMaxMem) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_max_mem(max_memory);
  return options;
}

}  // namespace redactd
