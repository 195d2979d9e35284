#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "filters/spans/span.h"
#include "filters/spans/value/key.h"

namespace redactd {

/// The value after a key whose match ended at `anchor_end` (or, for a rule with a pattern of its
/// own, the value that begins there). Appends its spans to `spans`; a cookie header or an array
/// yields several. Anything but Verdict::masked: none was added, and why.
Verdict resolve_value(const RecordView& record, const ValueRule& value, size_t anchor_end,
                      std::vector<Span>& spans);

/// The same for the form `spaced`: the word behind the key and nothing but blanks.
Verdict resolve_spaced(const RecordView& record, const ValueRule& value, size_t anchor_end,
                       std::vector<Span>& spans);

/// For is_masked_for_any_key().
bool is_value_masked_for_any_key(const RecordView& record, const ValueRule& value,
                                 size_t anchor_end);

/// Whether a rule before this one has masked the value that any key of this one which ends at
/// `anchor_end` would have, so that there is nothing to look for.
inline bool is_masked_for_any_key(const RecordView& record, const ValueRule& value,
                                  size_t anchor_end) {
  const RecordView::Key& masked = record.masked.key;
  return masked.begin == record.opening.key.begin && masked.end != 0 && masked.end < anchor_end &&
         is_value_masked_for_any_key(record, value, anchor_end);
}

/// For tail_of_key().
const RecordView::TailMemo& look_behind_key(const RecordView& record, size_t key_end);

/// What stands behind the key that ends there.
inline const RecordView::TailMemo& tail_of_key(const RecordView& record, size_t key_end) {
  return record.tail.key_end == key_end ? record.tail : look_behind_key(record, key_end);
}

/// Whether the value of such a key, if it has one, begins behind `text`, whatever follows it there.
bool value_lies_behind(std::string_view text, const ValueRule& value, size_t anchor_end);

}  // namespace redactd
