#pragma once

// Values that are pieces of code: what is in a variable, not a secret.

#include <string_view>

namespace redactd {

/// `settings.API_KEY`, `r.secret`, `$rawPassword`, `kwargs.get(`, `getToken()`: none of them
/// without one of `$.([}`.
bool is_code(std::string_view value);

/// A function and the beginning of its arguments, where a blank follows: `serializer.loads(value,`.
bool begins_call(std::string_view value);

/// What JavaScript has for true and false.
bool is_negation(std::string_view value);

/// A name of a usage line.
bool is_metavariable(std::string_view value);

/// A type, or the rules for a field.
bool is_type(std::string_view value);

}  // namespace redactd
