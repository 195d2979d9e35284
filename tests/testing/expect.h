#pragma once

// Expectations on one line: secrets stand between « and », templates are filled (docs/rules.md).

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/testing/redact.h"

namespace redactd::test {

/// Every `[REDACTED:…]` as `«»`.
inline std::string shape_of(std::string_view redacted) {
  std::string shape;
  while (true) {
    size_t open = redacted.find("[REDACTED:");
    size_t close = open == std::string_view::npos ? open : redacted.find(']', open);
    if (close == std::string_view::npos) return shape.append(redacted);
    shape.append(redacted.substr(0, open)).append("\xc2\xab\xc2\xbb");
    redacted.remove_prefix(close + 1);
  }
}

/// Exactly what stands between « and » is masked: the secret wholly, nothing around it.
inline void expect_exactly_masked(const std::string& source, const Rules& rules = builtin()) {
  Filled filled = fill(source);
  ASSERT_FALSE(filled.secrets.empty()) << source;
  std::string expected;
  size_t at = 0;
  for (const std::string& secret : filled.secrets) {
    size_t found = filled.text.find(secret, at);
    expected += filled.text.substr(at, found - at) + "\xc2\xab\xc2\xbb";
    at = found + secret.size();
  }
  expected += filled.text.substr(at);
  EXPECT_EQ(shape_of(redact(filled.text, rules)), expected) << "  source: " << source;
}

/// None of the secrets survives; what else goes is left open.
inline void expect_no_secret_left(const std::string& source, const Rules& rules = builtin()) {
  Filled filled = fill(source);
  std::string redacted = redact(filled.text, rules);
  for (const std::string& secret : filled.secrets) {
    EXPECT_EQ(redacted.find(secret), std::string::npos) << source << "\n  gave " << redacted;
  }
}

inline void expect_kept(const std::string& source, const Rules& rules = builtin()) {
  Filled filled = fill(source);
  EXPECT_EQ(redact(filled.text, rules), filled.text) << "  source: " << source;
}

}  // namespace redactd::test
