#pragma once

// What a user interface calls a field, as files of translations have it behind the field's key.

#include <cstddef>

#include "filters/byte_class.h"
#include "filters/spans/span.h"

namespace redactd {

/// Whether the value [begin, end), behind which the text goes on or the record ends, is a label
/// such as `Enter your password`, or without quotes the beginning of one: `label.pin=Your
/// password`. `key_end`: where its key ends.
bool is_label_of_field(const RecordView& record, size_t begin, size_t end, size_t key_end,
                       bool quoted);

/// What every label begins with: a capital, or a letter beyond ASCII.
inline bool may_begin_label(char c) { return is_upper(c) || static_cast<unsigned char>(c) >= 0x80; }

}  // namespace redactd
