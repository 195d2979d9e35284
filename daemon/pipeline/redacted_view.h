#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "filters/redactor.h"

namespace redactd {

/// What a redactor's last commit() or finish() put out, and where in it the input's bytes are.
/// Valid until the redactor's next call.
class RedactedView {
 public:
  RedactedView(Redactor& redactor, std::string_view clean)
      : redactor_(redactor), clean_(clean), in_(redactor.view_begin()) {}

  const Redactor& redactor() const { return redactor_; }
  std::string_view text() const { return clean_; }
  /// Behind the last byte of the input that came out.
  uint64_t end() const { return redactor_.settled(); }

  /// Where the input's byte `offset` is in text(); behind the mask when it is masked. Offsets rise
  /// from call to call.
  size_t place_of(uint64_t offset) {
    const std::vector<Edit>& edits = redactor_.edits();
    for (; next_edit_ < edits.size() && edits[next_edit_].begin < offset; ++next_edit_) {
      in_ = edits[next_edit_].end;
      out_ = edits[next_edit_].out_end;
    }
    return offset <= in_ ? out_ : out_ + static_cast<size_t>(offset - in_);
  }

  /// The text from where the last call ended to the input's byte `offset`.
  std::string_view take_to(uint64_t offset) {
    const size_t begin = taken_;
    if (offset > redactor_.view_begin()) skip_to(offset);
    return clean_.substr(begin, taken_ - begin);
  }
  void skip_to(uint64_t offset) { taken_ = std::max(taken_, place_of(offset)); }

  /// All of it, as a string of the caller's. Ends the view, but not its places.
  std::string take_all() { return redactor_.take_view(); }

 private:
  Redactor& redactor_;
  std::string_view clean_;
  uint64_t in_ = 0;  // behind the last edit
  size_t out_ = 0;   // the same in the text
  size_t next_edit_ = 0;
  size_t taken_ = 0;
};

}  // namespace redactd
