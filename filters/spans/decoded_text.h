#pragma once

// What a run of digits, or text with escapes, stands for, and what resolvers remember of it.

#include <cstddef>
#include <string_view>
#include <utility>

#include "filters/spans/encoded_text.h"
#include "filters/spans/span.h"
#include "filters/spans/token_span.h"
#include "filters/wiping_allocator.h"

namespace redactd {

/// Belongs to one stream. Its views are valid until it is changed.
class DecodedText {
 public:
  /// Another text comes.
  void forget() {
    closed_.clear();
    size_ = 0;
    known_ = false;
  }
  /// Forgets, and gives memory back.
  void trim();
  /// Takes in what is missing of what the units from number `phase` on stand for. `goes_on`: the
  /// text does not end with them.
  void read(const EncodedText& units, size_t phase, bool goes_on);

  std::string_view bytes() const { return std::string_view(closed_).substr(0, size_); }
  /// With a blank behind them where the text ends.
  std::string_view closed() const { return closed_; }
  const RecordView& view() const { return view_; }
  TokenRuns& runs() { return runs_; }
  /// Bytes that resolvers have looked at since it was asked last.
  size_t work() { return std::exchange(view_.work, 0); }

 private:
  SecretText closed_;
  size_t size_ = 0;
  bool known_ = false;
  RecordView view_;
  TokenRuns runs_;
};

}  // namespace redactd
