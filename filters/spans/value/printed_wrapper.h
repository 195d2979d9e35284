#pragma once

// What printers put around a string, between a separator and the value: `Some("…")`, `chr "…"`.

#include <cstddef>
#include <string_view>

namespace redactd {

/// `Some("…")`, `(*string)("…")`, `string(12) "…"`, `<<"…">>`: where the quote stands that printers
/// put such things before. `Some(…)` and the like with no quotes inside: to what they hold. `at`
/// when there is none.
size_t skip_wrapper(std::string_view text, size_t at);

}  // namespace redactd
