#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// The token whose core of `width` bytes ended at `anchor_end`. Appends one span, or says why not.
Verdict resolve_token(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      size_t width, size_t anchor_end, std::vector<Span>& spans);

}  // namespace redactd
