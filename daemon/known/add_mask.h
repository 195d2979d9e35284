#pragma once

// `::add-mask::VALUE`, the line by which a program on GitHub Actions asks that a value be masked
// from then on (GitHub's documentation: "Workflow commands", whose names are in any case; GitHub's
// runner takes properties behind any name, and heeds none of this one's). Pure.

#include <cstddef>
#include <optional>
#include <string_view>

#include "daemon/known/secret.h"

namespace redactd {

/// The built-in rule, off by default, that masks in the line itself all of what add_mask_value()
/// returns. Whoever obeys such lines turns it on (Settings::enable), for the line passes before the
/// value is known.
inline constexpr std::string_view kAddMaskRule = "add-mask";
/// Where `::add-mask::` stands, in any case and with any properties, at `from` or later; npos:
/// nowhere. What a batch is searched for before its records are looked at one by one.
size_t find_add_mask(std::string_view text, size_t from);

/// The value as it stands in the record, without the line's end: a view into it. The command has to
/// stand where a message may begin: at the start of the record, or after a blank (whatever header
/// is before it) or a byte order mark; with a `{` before it, it stands in an object and is none.
/// Nothing when there is none or it is empty.
std::optional<std::string_view> add_mask_value(std::string_view record);

/// %25, %0A and %0D as the bytes that they stand for; any other % is itself.
Secret decode_add_mask(std::string_view value);

/// What a record asks to be masked, decoded. Unlike other objects, one with a member `log` is
/// looked into: there a container's line stands, in Docker's log files and in the source
/// kubernetes's JSON.
std::optional<Secret> asked_to_mask(std::string_view record);

}  // namespace redactd
