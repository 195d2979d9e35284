#pragma once

// Rewrites of a user's expression, as text.

#include <optional>
#include <string>

namespace redactd {

/// The expression for RE2, where the record is followed and preceded by line feeds: ^ and $, and \A
/// and \z with them, stand at the ends of the record. `(?<name>…)` becomes `(?P<name>…)`.
std::string record_expression(const std::string& expression);

/// The same for the matcher, which sees the records as they stand in the stream: a CR may stand
/// before the line feed. Nothing when the expression's meaning would not carry over.
std::optional<std::string> stream_expression(const std::string& expression);

}  // namespace redactd
