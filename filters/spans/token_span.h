#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// The token whose core of `width` bytes ended at `anchor_end`. Appends one span, or says why not.
Verdict resolve_token(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      size_t width, size_t anchor_end, std::vector<Span>& spans);

/// Where a run of `members` that begins before `from` ends. An escape (`%3D`, `\/`, `\u002b`,
/// `\x2b`) counts as the byte that it stands for.
size_t token_end(std::string_view text, size_t from, const ByteClass& members);

}  // namespace redactd
