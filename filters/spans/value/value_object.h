#pragma once

// A value that an object wraps: `{"S":"…"}` of DynamoDB, `{"value":"…"` of Terraform's outputs.

#include <cstddef>
#include <optional>

#include "filters/spans/span.h"

namespace redactd {

/// `{"value":"…"` after a key, as in Terraform's outputs: the value; nothing when the object begins
/// otherwise. `opening`: what was read for the key, which the brace at `at` stands behind.
std::optional<Opening> value_in_object(const RecordView& record, size_t at, const Opening& opening);

}  // namespace redactd
