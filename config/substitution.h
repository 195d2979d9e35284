#pragma once

// `${NAME}`, `${NAME:-default}` and `${file:/path}` in the values of a configuration file. What was
// put in is not looked at again.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/surroundings.h"

namespace redactd {

/// `text` with everything put in; `$$` becomes `$`. Nothing, with the reason in `error`, when a
/// variable is not set, a file cannot be read or a `$` stands alone; `error` never shows a value.
/// A relative path is relative to `folder`. One newline at the end of a file is dropped, and a CR
/// before it.
std::optional<std::string> substitute(std::string_view text, const std::string& folder,
                                      const Surroundings& surroundings, std::string& error);

/// Whether substitute() puts anything into `text`.
bool substitutes(std::string_view text);

/// The paths of the `${file:/path}` in `text`, as substitute() reads them.
std::vector<std::string> substituted_files(std::string_view text, const std::string& folder);

}  // namespace redactd
