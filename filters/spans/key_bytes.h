#pragma once

#include "filters/byte_class.h"

namespace redactd {

/// A byte of the lines of a private key: base64 in both alphabets (RFC 4648 §4 and §5).
constexpr bool is_key_byte(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

}  // namespace redactd
