#pragma once

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <string>

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

/// `expression` so that RE2 finds it wherever it stands. A prefix that alternatives share
/// (`(?:密码|密碼)=`) loses the mark that it is Latin-1 (seen in 2022-12-01), and before RE2 runs
/// its automaton it looks for the prefix as UTF-8 of Latin-1, which no text holds. Behind an empty
/// expression it looks for no prefix.
inline std::string byte_expression(const std::string& expression) {
  const bool ascii = std::all_of(expression.begin(), expression.end(),
                                 [](char c) { return static_cast<signed char>(c) >= 0; });
  const bool escapes = expression.find("\\x") != std::string::npos ||
                       expression.find("\\2") != std::string::npos ||
                       expression.find("\\3") != std::string::npos;
  return ascii && !escapes ? expression : "(?:)" + expression;
}

}  // namespace redactd
