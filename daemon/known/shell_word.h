#pragma once

// What a shell makes of the value of an assignment: 'it'\''s', two\ words, $'tab\t'. Pure.

#include <optional>
#include <string_view>

#include "daemon/known/secret.h"

namespace redactd {

/// The word at the start of `text`, without its quotes and backslashes. Nothing if a quote is not
/// closed, if a command is to be run for it, or if another word follows.
std::optional<Secret> shell_word(std::string_view text);

}  // namespace redactd
