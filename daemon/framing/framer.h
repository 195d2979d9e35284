#pragma once

// Finds where records end in a stream of bytes (RFC 6587 §3.4). Pure: no I/O, no clock.
//
// What comes out is the records' bodies, each followed by a line feed, for a line feed is what the
// Redactor takes for the end of a record (a body that holds line feeds is several to it, and one to
// the reader of `ends`). Bodies are not held here: a body is put out as it arrives, so memory is
// bounded whatever a frame's size.
//
// The policy where implementations differ:
// - `automatic` decides once a connection, on its first byte: 1 to 9 is octet counting, else lines.
// - An octet count is 1 to 9 digits without a leading zero, then one space, and no more than
//   max_frame. Anything else is an error, after which nothing more is read: bytes are never looked
//   at again under another framing.
// - A record longer than max_record is cut there, once it has been redacted: kLookAhead further
//   bytes go to the redactor so that a secret across the cut is seen whole, the rest is skipped.
// - One LF or CR LF after a counted frame is skipped, also when it comes in a later read.
// - Empty records are skipped and counted unless Options::keep_empty is set. A line that is only a
//   CR is empty; every other CR before an LF stays in the body.
// - The first bytes of a TLS handshake or of the PROXY protocol are an error, no record.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "config/daemon/daemon_config.h"

namespace redactd {

class BytePlaces;

enum class FrameError : uint8_t {
  none,
  zero_count,       // `0 `
  leading_zero,     // `007 `
  bad_count,        // no digit, no space after the digits, a CR without LF before them
  count_too_large,  // above max_frame, or more than nine digits
  tls_handshake,    // a TLS client on a plain port
  proxy_header,     // PROXY protocol, which is not spoken here
  bad_relp,         // no RELP, or none in a session; the framer does not meet it
  bad_relp_number,  // a RELP command's, which is not the one after the last
};
/// `zero_count` …, a metric's label.
std::string_view to_string(FrameError error);
inline constexpr size_t kFrameErrors = 9;

/// The end of a record in the bytes that feed() put out.
struct RecordEnd {
  size_t offset = 0;  // behind the record's terminating LF, from the start of this call's bytes
  size_t cut = 0;     // bytes at the end of the body that are beyond max_record and go no further
  uint64_t skipped = 0;     // further bytes of the body that were not put out at all
  bool incomplete = false;  // the stream ended inside the record
};

/// Belongs to one stream. Allocates nothing but what `ends` needs.
class Framer {
 public:
  /// Bytes behind max_record that the redactor still sees: a window's overlap.
  static constexpr size_t kLookAhead = 64 * 1024;

  struct Options {
    Framing framing = Framing::automatic;
    size_t max_record = 256 * 1024;
    size_t max_frame = 16 << 20;
    bool keep_empty = false;  // lines of a file or a pipe: an empty one is a record too
    bool network = true;      // look for TLS and PROXY headers at the start
    size_t look_ahead = kLookAhead;
  };

  explicit Framer(const Options& options);

  struct Fed {
    size_t size = 0;  // bytes put out
    FrameError error = FrameError::none;
  };
  /// Takes all of `in`, writes bodies with their LFs to the start of `out`, which must have room
  /// for in.size() + 1 bytes (`in` may lie in it, at least lead() bytes behind its start: bytes are
  /// read to where they are framed), and appends the records that ended to
  /// `ends`. After an error nothing is taken any more; the records before it are put out. A record
  /// that was open then (the begin of a PROXY header, put out before it could be told) is none and
  /// never ends.
  Fed feed(std::string_view in, std::span<char> out, std::vector<RecordEnd>& ends);

  /// How far what is put out may run ahead of what was taken: 0 where lines pass as they are.
  size_t lead() const;

  /// The end of the stream. A record that is open becomes an `incomplete` one if it was counted,
  /// and the last line, whose terminator is missing, a record like any other; no byte is put out,
  /// not even an LF: its end is `offset` 0.
  void finish(std::vector<RecordEnd>& ends);

  /// Bytes of a record that has not ended were put out.
  bool in_record() const { return body_ > 0; }
  uint64_t empty_records() const { return empty_records_; }
  /// What `automatic` became; automatic while no byte came.
  Framing framing() const { return framing_; }

 private:
  class Output;
  /// What may be skipped between two counted frames.
  enum class Gap : uint8_t { nothing, line_end, line_feed };

  size_t look_at_opening(std::string_view in);
  void feed_lines(std::string_view in, Output& out, std::vector<RecordEnd>& ends);
  void feed_counted(std::string_view in, Output& out, std::vector<RecordEnd>& ends);
  size_t take_whole_lines(std::string_view in, size_t begin, BytePlaces& terminators, Output& out,
                          std::vector<RecordEnd>& ends);
  bool is_blank(std::string_view piece) const;
  size_t take_whole_frames(std::string_view in, Output& out, std::vector<RecordEnd>& ends);
  size_t take_header(std::string_view in);
  bool take_gap(char c);
  void take_count(char c);
  void end_count();
  void put_body(std::string_view bytes, Output& out);
  void end_record(size_t offset, std::vector<RecordEnd>& ends);

  Options options_;
  Framing framing_;
  FrameError error_ = FrameError::none;
  bool held_cr_ = false;  // a line began with a CR: an empty one if an LF follows
  Gap gap_ = Gap::nothing;
  uint64_t body_ = 0;     // bytes of the open record that came
  size_t body_left_ = 0;  // octet counting: bytes of it that have not come
  size_t count_ = 0;      // octet counting: the digits so far
  size_t digits_ = 0;
  uint64_t empty_records_ = 0;
  bool in_opening_;  // the first bytes may still be another protocol's
  uint8_t opening_size_ = 0;
  std::array<char, 13> opening_{};
};

}  // namespace redactd
