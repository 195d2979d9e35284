#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "filters/redactor.h"
#include "filters/utf16.h"
#include "filters/utf16_lines.h"

namespace redactd {

/// A stream of UTF-16 through a redactor: each record goes out when its end has come, what is not
/// masked byte for byte. Its bytes are also redacted as they are, for not all of them need be
/// UTF-16. The redactor outlives it, does nothing else, and has the counts of both in the end.
/// Throws what that throws.
class Utf16Stream {
 public:
  Utf16Stream(Redactor& redactor, ByteOrder order)
      : redactor_(redactor),
        bytes_(redactor.another(scratch_)),
        order_(order),
        lines_(order),
        decoder_(order),
        encoder_(order) {}

  /// The views are valid until the next call.
  std::string_view commit(std::string_view bytes);
  std::string_view finish();
  /// How many lines ended in the last call.
  uint64_t ended() const { return ended_; }
  /// Whether bytes came behind the last of them.
  bool in_line() const { return in_line_; }

 private:
  void take(const Utf16Part& part);
  void end_units();
  void put_text(std::string_view text);
  void put_bytes(std::string_view bytes);
  void put_whole_bytes(std::string_view bytes);

  Redactor& redactor_;  // of what is UTF-16, as UTF-8
  MatchScratch scratch_;
  Redactor bytes_;  // of what comes out of that, and of the rest
  ByteOrder order_;
  Utf16Lines lines_;
  Utf16Decoder decoder_;
  Utf16Encoder encoder_;
  std::string encoded_;
  std::string out_;
  uint64_t received_ = 0;
  uint64_t sent_ = 0;
  uint64_t ended_ = 0;
  bool in_line_ = false;
};

}  // namespace redactd
