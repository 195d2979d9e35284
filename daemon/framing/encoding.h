#pragma once

// How records are written for a sink. Pure but for resolve_wrap(): the time is given.

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/daemon/daemon_config.h"

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

  /// With room for the ends beside them, where both are counted in 32 bits (the spool).
  static constexpr size_t kMostBytes = 0xF000'0000;
  /// Throws std::length_error beyond that many bytes: nothing of the batch may go out.
  void end_record_at(size_t end) {
    if (end > kMostBytes) throw std::length_error("a batch of records is too long");
    ends.push_back(static_cast<uint32_t>(end));
  }
};

/// Appends `body` to `to` in the sink's form, as one record.
///
/// In `newline` an LF inside the body becomes `#012` and in `nul` a NUL becomes `#000`, so that one
/// record stays one; at the end of the body it is the terminator itself (some senders count it).
/// In octet counting, which cannot say zero, an empty body is written as one LF.
///
/// `plain`: the record has no syslog header of its own, so that `wrap` applies; `now` is the
/// header's time (RFC 5424 §6.2.3, UTC, microseconds). Names are cut to the lengths of RFC 5424 §6
/// and what is not printable in them becomes `?`; an empty one is `-`.
void encode_record(const Encoding& encoding, std::string_view body, bool plain,
                   std::chrono::system_clock::time_point now, Encoded& to);

/// What encode_record() was given, or nearly: the record without its framing.
std::string_view body_of(std::string_view record, Framing framing);

/// This machine's; empty if it has none.
std::string host_name();

/// `wrap` as an Encoding holds it: with this machine's name where none is given, and equal to every
/// other that is off if it is off. Asks the system; not for the data path.
WrapConfig resolve_wrap(WrapConfig wrap);

}  // namespace redactd
