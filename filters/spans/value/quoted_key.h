#pragma once

// What may stand behind a name in quotes instead of = and :, in lists, calls, attributes,
// members and sentences.

#include <cstddef>
#include <string_view>

#include "filters/spans/span.h"
#include "filters/spans/value/separator.h"

namespace redactd {

/// What is there, else nothing. `key.rest` is not empty.
Separator behind_quoted_name(const BehindKey& key);

/// `"name":"KEY","value":"…"` and `name="KEY" value="…"`: past the second name's separator, else
/// kNone.
size_t value_member(std::string_view text, size_t at, const Quote& key_quote);

/// `--password`, as a word or in a list of words.
bool is_option(std::string_view text, size_t name_begin);

}  // namespace redactd
