#pragma once

// Text as it stands between the quotes of a JSON string (RFC 8259 §7), and back. For bytes that
// have not been redacted: nothing is copied but into the caller's buffer.

#include <cstddef>
#include <string_view>

#include "filters/wiping_allocator.h"

namespace redactd {

/// Escapes `text`; bytes that are not UTF-8 become U+FFFD, for a JSON text has none of them.
void append_json_text(std::string_view text, SecretText& out);

/// Bytes of `text` without an escape or a character that is cut off at its end.
size_t whole_json_text(std::string_view text);

/// Undoes the escapes of `text`. What is no escape stays as it is; a line feed becomes a blank, so
/// that one line stays one.
void append_plain_text(std::string_view text, SecretText& out);

}  // namespace redactd
