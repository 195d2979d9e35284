#pragma once

// The next line of next_line.h within a string whose line breaks are spelt:
// `{"m":"password:\n  VALUE\n"}`, `password:#012  VALUE`.

#include <cstddef>
#include <vector>

#include "filters/spans/span.h"
#include "filters/spans/value/key.h"

namespace redactd {

/// Adds the value on the next line of the string behind the key whose match ended at `anchor_end`,
/// near which a line break may be spelt out (RecordView::TailMemo). Returns whether there is one.
bool resolve_spelt_next_line(const RecordView& record, const ValueRule& value, size_t anchor_end,
                             std::vector<Span>& spans);

}  // namespace redactd
