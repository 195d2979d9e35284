#pragma once

// From the spans that were found to those that are masked.

#include <string_view>
#include <vector>

#include "filters/mask.h"
#include "filters/rule_set.h"
#include "filters/spans/span.h"

namespace redactd {

/// Whether the span lies within the fixed text of a mask that an earlier pass put there.
bool stands_in_fixed_mask(std::string_view text, const Span& span, const Masker& masker);

/// Makes what was found in `text` spans that are sorted and disjoint, none of them empty, with no
/// escape sequence cut. Where some overlap, the kind that knows most of its secret names the mask.
void merge_spans(std::string_view text, const RuleSet& rules, std::vector<Span>& found);

}  // namespace redactd
