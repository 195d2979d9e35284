#pragma once

// Values in the columns of a table whose header names them: `| user | password |` of Markdown and
// mysql, ` id | password` of psql, `user,password` of CSV.

#include <optional>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/block_span.h"
#include "filters/spans/span.h"
#include "filters/spans/value/key.h"

namespace redactd {

/// The key whose match ended at `anchor_end`, when it is a cell of what may be a table's header.
/// `text` is a whole record.
std::optional<BlockMarker> key_in_header(std::string_view text, const ValueRule& value,
                                         size_t anchor_end);

/// Opens `open` for the rows behind such a header, or, when an earlier key of it has done so, adds
/// the column.
void await_rows(std::string_view text, const BlockMarker& key, OpenBlock& open);

/// A line behind the header: a row with as many cells, whose values are masked, or the line below
/// the header. Anything else closes `open`.
void take_row(const RecordView& record, OpenBlock& open, std::vector<Span>& spans);

/// Whether words of a row's beginning, up to a blank, may hold a value of the open table.
bool may_hold_value(std::string_view words, const OpenBlock& open);

}  // namespace redactd
