#pragma once

#include <cstddef>
#include <string_view>

#include "filters/spans/value/value_opening.h"

namespace redactd {

/// Whether the value at [begin, end) of the key that ends at `key_end` is one that reports print
/// there, which is no secret: a test's name, how many passed, who logs in, a size, a version, a
/// line's number, a public key. The value has to be whole.
bool is_reported(std::string_view text, size_t key_end, size_t begin, size_t end,
                 const Opening& opening);

}  // namespace redactd
