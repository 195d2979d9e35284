#pragma once

// Is what stands after a key a secret? Keys that prove much mask nearly every value; weak keys need
// a value that looks random.

#include <cstddef>
#include <string_view>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// What the text around a value tells about it.
struct ValueSetting {
  Strength strength = Strength::strong;
  bool quoted = false;
  /// Only a space, a colon with a space, or "is" stands between key and value, as in a sentence
  /// (`password: incorrect`).
  bool sentence = false;
};

/// Many keys may have the rest of a long record for their value: no more of a value without quotes
/// is looked at than this.
inline constexpr size_t kMostChecked = 4097;

/// What a long value is, its beginning tells.
inline constexpr size_t kLookedAt = 512;

/// Verdict::masked, or why the value is no secret.
Verdict check_value(std::string_view value, const ValueSetting& setting);

}  // namespace redactd
