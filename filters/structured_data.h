#pragma once

// Structured data of a syslog message (RFC 5424 §6.3): `[id name="value"]…` behind its header.

#include <cstddef>
#include <string_view>

namespace redactd {

/// Tells where the values stand. Goes through the record once, from its start.
class StructuredDataValues {
 public:
  /// `record` may be anything; where it is no RFC 5424 message it has no such values. A view: valid
  /// as long as the text.
  explicit StructuredDataValues(std::string_view record);

  /// Whether byte `at` stands in a value. Offsets rise from call to call.
  bool holds(size_t at);

 private:
  std::string_view text_;
  size_t at_;
  bool in_value_ = false;
  bool ended_ = false;
};

}  // namespace redactd
