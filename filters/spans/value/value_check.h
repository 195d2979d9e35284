#pragma once

// Is what stands after a key a secret? Keys that prove much mask nearly every value; weak keys need
// a value that looks random.

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

/// Verdict::masked, or why the value is no secret.
Verdict check_value(std::string_view value, const ValueSetting& setting);

}  // namespace redactd
