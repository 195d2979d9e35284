#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// The value after a key whose match ended at `anchor_end` (or, for a rule with a pattern of its
/// own, the value that begins there). Appends its spans to `spans`, rule numbers set to
/// `rule_number`; a cookie header or an array yields several. Anything but Verdict::masked: none
/// was added, and why.
Verdict resolve_value(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      size_t anchor_end, std::vector<Span>& spans);

/// The matcher's expression for a rule's keys: any of them, and the byte after it.
std::string key_expression(const Rule& rule);

/// Where one of the rule's keys that ends before `key_end` starts; npos when none does.
size_t key_start(std::string_view text, size_t key_end, const Rule& rule);

}  // namespace redactd
