#pragma once

// What a shell makes of the value of an assignment: 'it'\''s', two\ words, $'tab\t'. Pure.

#include <optional>
#include <string_view>

#include "daemon/known/secret.h"

namespace redactd {

/// The word at the start of `text`, without its quotes and backslashes, and takes it away from
/// there. Nothing if a quote is not closed, if a command is to be run for it, or if a word follows
/// that is no assignment.
std::optional<Secret> shell_word(std::string_view& text);

/// The name of the assignment that `text` begins with behind blanks, taken away with its `=`.
/// Empty: there is none, and nothing is taken away.
std::string_view shell_assignment(std::string_view& text);

}  // namespace redactd
