#pragma once

// What one member of an object holds that another one names: {"name":"DB_PASSWORD", …,
// "value":"…"}, in any order, and the errors of validators: {"path":["password"], …, "input":"…"}.

#include <cstddef>
#include <optional>
#include <string_view>

#include "filters/spans/span.h"
#include "filters/spans/value/value_opening.h"

namespace redactd {

/// The value that belongs to the name whose last word begins at `name_begin` and behind whose
/// closing quote (and bracket) `name_end` is; nothing when no such member stands near.
std::optional<Opening> value_beside_name(const RecordView& record, size_t name_begin,
                                         size_t name_end, const Quote& quote);

/// `"old":"…","new":"…"`: where the new value's quote stands, when the old one is [begin, end) and
/// in such quotes; else kNone.
size_t newer_version(std::string_view text, size_t begin, size_t end, const Quote& quote);

}  // namespace redactd
