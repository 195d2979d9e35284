#pragma once

// What may stand behind a name in quotes instead of = and :, in lists, calls, attributes and
// members.

#include <cstddef>
#include <string_view>

#include "filters/spans/span.h"

namespace redactd {

/// Past what stands there between the name, whose closing quote ends before `at`, and its value;
/// kNone (npos): nothing of the kind.
size_t quoted_separator(std::string_view text, size_t at, size_t name_begin,
                        const Quote& key_quote);

/// `"name":"KEY","value":"…"` and `name="KEY" value="…"`: past the second name's separator, else
/// kNone.
size_t value_member(std::string_view text, size_t at, const Quote& key_quote);

/// `--password`, as a word or in a list of words.
bool is_option(std::string_view text, size_t name_begin);

/// `name="` before the quote at `quote`.
bool has_attribute_before(std::string_view text, size_t quote);

}  // namespace redactd
