#pragma once

// The quotes that stand before a value, up to a few thousand bytes back: do they tell that it
// stands in a string?

#include <cstddef>

#include "filters/spans/span.h"

namespace redactd {

inline constexpr size_t kLookBack = 4096;  // how far back quotes are looked for

/// Whether quotes stand before `at`, not too far away.
struct QuotesBefore {
  bool any = false;
  bool single = false;
};

inline QuotesBefore quotes_before(const RecordView& record, size_t at) {
  const size_t from = at > kLookBack ? at - kLookBack : 0;
  const bool single = record.single_quotes.stands_in(record.text, from, at);
  return {single || record.double_quotes.stands_in(record.text, from, at), single};
}

/// Whether the quote at `at` closes a string that began before it rather than opening a value.
bool closes_outer_string(const RecordView& record, size_t at, const Quote& quote);

}  // namespace redactd
