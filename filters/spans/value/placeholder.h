#pragma once

#include <string_view>

namespace redactd {

/// What stands for a value and is none: nothing (`null`), a mask of ours or of other tools, a
/// template (`${VAR}`, `{{ name }}`), a parameter of a statement (`?`, `:password`), a format.
bool is_placeholder(std::string_view value);

/// ghp_xxxxxxxxxxxxxxxx, AKIAXXXXXXXXXXXXXXXX: what documentation has in place of a token.
bool is_filled_token(std::string_view token);

}  // namespace redactd
