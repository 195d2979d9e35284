#pragma once

// From a key to the first byte of its value: the closing quote of the key, the separator, the
// opening quote.

#include <cstddef>
#include <optional>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// Where the value of the key [key_begin, key_end) begins; nothing when no separator follows the
/// key.
std::optional<Opening> open_value(const RecordView& record, size_t key_begin, size_t key_end);

/// Whether the key [key_begin, key_end) opens the value that open_value() was asked for last.
bool opens_last_value(const RecordView& record, size_t key_begin, size_t key_end);
/// Whether it would for any key that ends there, as no blank stands in the name or before it.
bool any_key_opens_last_value(const RecordView& record, size_t key_end);

/// The same for a value that begins at `at` without a key before it.
Opening open_value_at(const RecordView& record, size_t at);

}  // namespace redactd
