#pragma once

#include <cstdint>
#include <string_view>

#include "filters/spans/span.h"

namespace redactd {

/// What of a stream is redacted at once: a record, or a part of a long one with the bytes around it
/// that it is judged by. Places count from the start of the stream, those in `view` from `begin`.
struct Window {
  uint64_t begin = 0;      // of `bytes`
  uint64_t from = 0;       // bytes [from, cut) come out; those before it have
  uint64_t cut = 0;        // where the record ends, if view.ends_record
  std::string_view bytes;  // a view of the stream's buffer
  RecordView view;         // `bytes` as the resolver sees them: without a final CR

  size_t offset(uint64_t place) const { return static_cast<size_t>(place - begin); }
};

}  // namespace redactd
