#pragma once

#include <string_view>

namespace redactd {

/// `Password`, `Enter your password`, `Client Secret`, `Mot de passe`: what a user interface calls
/// a field, as files of translations have it behind the field's key. `password` may be a weak one.
bool is_label(std::string_view value);

}  // namespace redactd
