#pragma once

// How records are written for a sink. Pure: no I/O; the time is given.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/daemon_config.h"

namespace redactd {

/// The form of records on a sink's wire. Sinks with equal encodings share the encoded bytes.
struct Encoding {
  Framing framing = Framing::newline;  // octet_counting, newline or nul
  WrapConfig wrap;

  bool operator==(const Encoding&) const = default;
};

/// Records as they go over the wire, redacted. Immutable once it is shared.
struct Encoded {
  std::string bytes;
  std::vector<uint32_t> ends;  // behind each record and its framing: where a connection may be cut
};

/// Appends `body` to `to` in the sink's form. In `newline` an LF inside the body becomes `#012` and
/// in `nul` a NUL becomes `#000`, so that one record stays one. `plain`: the record has no syslog
/// header of its own, so that `wrap` applies; `now` is the header's time (RFC 5424 §6.2.3, UTC,
/// microseconds).
void encode_record(const Encoding& encoding, std::string_view body, bool plain,
                   std::chrono::system_clock::time_point now, Encoded& to);

}  // namespace redactd
