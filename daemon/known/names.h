#pragma once

// Names of values: which ones look as if a secret were behind them, and how they stand in a mask.
// Pure.

#include <string>
#include <string_view>
#include <vector>

namespace redactd {

/// Whether `pattern`, in which `*` stands for any bytes or none, is `name`. Case does not matter.
bool matches_name(std::string_view pattern, std::string_view name);
bool matches_any_name(const std::vector<std::string>& patterns, std::string_view name);

/// Patterns of names that secrets go by.
const std::vector<std::string>& secret_names();

/// Whether a variable of that name holds a secret, if nothing else is said: by secret_names(), and
/// no path of a file that holds it (`DB_PASSWORD_FILE`).
bool names_secret(std::string_view name);

/// `name` as it may stand in a mask: letters, digits and `_-.`, anything else becomes `_`; at most
/// 64 bytes; `value` if it is empty.
std::string mask_name(std::string_view name);

}  // namespace redactd
