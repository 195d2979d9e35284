#pragma once

// What may stand behind a name without quotes instead of = and :, in code, calls, lists, members
// and sentences.

#include "filters/spans/value/separator.h"

namespace redactd {

/// What is there, else nothing. `key.rest` is not empty.
Separator behind_bare_name(const BehindKey& key);

/// `token […]`, `newPassword […]`, `API key (…)`, `password <…>`: whether what stands in the
/// brackets looks picked by somebody or random.
bool brackets_show_value(const BehindKey& key);

/// `var dbPassword string = "…"`, `let password: &str = "…"`: past the = behind the type's name,
/// else kNone (npos).
size_t typed_assignment(std::string_view text, size_t at);

}  // namespace redactd
