#pragma once

#include <string_view>

namespace redactd {

/// Whether this is one of some hundred words that stand in variables which look like secrets by
/// their names (`SORT_KEY=created`, `API_TOKEN=disabled`) and in ordinary logs. Case does not
/// matter.
bool is_ordinary_word(std::string_view word);

}  // namespace redactd
