#pragma once

#include <string_view>

#include "filters/byte_class.h"

namespace redactd {

/// `Password`, `Enter your password`, `Client Secret`, `Mot de passe`: what a user interface calls
/// a field, as files of translations have it behind the field's key. `password` may be a weak one.
bool is_label(std::string_view value);

/// What every label begins with: a capital, or a letter beyond ASCII.
inline bool may_begin_label(char c) { return is_upper(c) || static_cast<unsigned char>(c) >= 0x80; }

}  // namespace redactd
