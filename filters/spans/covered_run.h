#pragma once

// Keys inside a value that is masked already: `password=token=secret=…`. What they announce lies in
// the same run of bytes, so it need not be looked for, and a line made of keys costs little for
// each.

#include <cstddef>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// The end of a masked value in which no byte means anything to bare_end(), up to a byte that ends
/// every value. Belongs to one record.
class CoveredRun {
 public:
  /// Whether a value is long enough to hold some keys.
  static bool is_long(const Span& span);

  /// `span` is long, and masked whatever is found next.
  void note(const RecordView& record, const Span& span);

  /// Whether all that the key of an anchor which ends at `anchor_end` could mask is masked already,
  /// and its value is on its own line.
  bool covers_value(const RecordView& record, const Rule& rule, size_t anchor_end) const;

 private:
  size_t from_ = 0;
  size_t end_ = 0;
};

}  // namespace redactd
