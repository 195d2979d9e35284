#include "daemon/framing/framer.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "daemon/framing/byte_places.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

/// How a stream of another protocol begins.
struct Signature {
  std::string_view bytes;
  FrameError error;
};

using namespace std::string_view_literals;

// Of PROXY version 2 (twelve bytes, CR LF CR LF NUL CR LF QUIT LF) the first five are enough: no
// log begins like this, and a sixth would leave a record of CR LF CR LF behind when the framing is
// nul.
constexpr Signature kForeign[] = {
    {"\x16\x03"sv, FrameError::tls_handshake},   {"PROXY TCP4 "sv, FrameError::proxy_header},
    {"PROXY TCP6 "sv, FrameError::proxy_header}, {"PROXY UNKNOWN"sv, FrameError::proxy_header},
    {"\r\n\r\n\0"sv, FrameError::proxy_header},
};

constexpr size_t kMaxDigits = 9;
constexpr size_t kNeverBlank = 2;  // so many bytes are no empty line's

}  // namespace

std::string_view to_string(FrameError error) {
  switch (error) {
    case FrameError::none:
      return "none";
    case FrameError::zero_count:
      return "zero_count";
    case FrameError::leading_zero:
      return "leading_zero";
    case FrameError::bad_count:
      return "bad_count";
    case FrameError::count_too_large:
      return "count_too_large";
    case FrameError::tls_handshake:
      return "tls_handshake";
    case FrameError::proxy_header:
      return "proxy_header";
    case FrameError::bad_relp:
      return "bad_relp";
    case FrameError::bad_relp_number:
      return "bad_relp_number";
  }
  return "none";
}

/// The bytes put out. Pieces that follow one another in the input are copied as one.
class Framer::Output {
 public:
  explicit Output(std::span<char> room) : room_(room) {}

  size_t size() const { return written_ + run_.size(); }

  void append(std::string_view bytes) {
    if (bytes.data() == run_.data() + run_.size()) {
      run_ = {run_.data(), run_.size() + bytes.size()};
    } else {
      flush();
      run_ = bytes;
    }
  }

  void append(char c) {
    flush();
    assert(written_ < room_.size());
    room_[written_++] = c;
  }

  /// The same as append(body), append('\n').
  void append_record(std::string_view body) {
    flush();
    assert(written_ + body.size() < room_.size());
    char* to = room_.data() + written_;
    std::memmove(to, body.data(), body.size());
    to[body.size()] = '\n';
    written_ += body.size() + 1;
  }

  void flush() {
    assert(size() <= room_.size());
    char* to = room_.data() + written_;
    if (!run_.empty() && to != run_.data()) std::memmove(to, run_.data(), run_.size());
    written_ += run_.size();
    run_ = {};
  }

 private:
  std::span<char> room_;
  size_t written_ = 0;
  std::string_view run_;  // of the input: not copied yet
};

Framer::Framer(const Options& options)
    : options_(options), framing_(options.framing), in_opening_(options.network) {}

Framer::Fed Framer::feed(std::string_view in, std::span<char> out, std::vector<RecordEnd>& ends) {
  if (error_ != FrameError::none || in.empty()) return {0, error_};
  if (framing_ == Framing::automatic) {
    bool counted = in.front() >= '1' && in.front() <= '9';
    framing_ = counted ? Framing::octet_counting : Framing::newline;
  }
  if (in_opening_) in = in.substr(0, look_at_opening(in));

  Output output(out);
  if (framing_ != Framing::octet_counting) {
    size_t first = ends.size();
    feed_lines(in, output, ends);
    output.flush();
    if (framing_ == Framing::nul) {
      for (size_t i = first; i < ends.size(); ++i) out[ends[i].offset - 1] = '\n';
    }
  } else if (opening_size_ == 0 || is_digit(opening_[0])) {
    feed_counted(in, output, ends);
    output.flush();
  } else if (!in_opening_ && error_ == FrameError::none) {
    error_ = FrameError::bad_count;
  }
  if (error_ != FrameError::none) body_ = 0;  // never to end
  return {output.size(), error_};
}

size_t Framer::lead() const {
  bool lines = framing_ == Framing::newline || framing_ == Framing::nul;
  return lines && !held_cr_ ? 0 : 1;
}

/// Compares the stream's first bytes with those of other protocols. Returns how many of `in` are
/// before the one that decided against it, all of them if none did.
size_t Framer::look_at_opening(std::string_view in) {
  for (size_t i = 0; i < in.size(); ++i) {
    opening_[opening_size_++] = in[i];
    std::string_view seen(opening_.data(), opening_size_);
    bool possible = false;
    for (const Signature& foreign : kForeign) {
      if (!foreign.bytes.starts_with(seen)) continue;
      possible = true;
      if (foreign.bytes != seen) continue;
      error_ = foreign.error;
      return i;
    }
    if (possible) continue;
    in_opening_ = false;
    break;
  }
  return in.size();
}

void Framer::feed_lines(std::string_view in, Output& out, std::vector<RecordEnd>& ends) {
  const char terminator = framing_ == Framing::nul ? '\0' : '\n';
  if (held_cr_ && in.front() != terminator) {
    out.append('\r');
    body_ = 1;
  }
  held_cr_ = false;
  BytePlaces terminators(in, terminator);
  for (size_t begin = take_whole_lines(in, 0, terminators, out, ends); begin < in.size();
       begin = take_whole_lines(in, begin, terminators, out, ends)) {
    const size_t end = terminators.place();
    const bool ended = end != BytePlaces::kNone;
    const std::string_view piece = in.substr(begin, ended ? end - begin : end);
    if (is_blank(piece)) {
      empty_records_ += ended ? 1 : 0;
      held_cr_ = !ended;
    } else {
      put_body(piece, out);
      if (ended) out.append(in.substr(end, 1));
      if (ended) end_record(out.size(), ends);
    }
    begin += piece.size() + (ended ? 1 : 0);
    if (ended) terminators.advance();
  }
}

/// The usual case at one go: lines from `begin` on of which every byte is in `in`, and that are
/// neither blank nor too long. Returns where they end.
size_t Framer::take_whole_lines(std::string_view in, size_t begin, BytePlaces& terminators,
                                Output& out, std::vector<RecordEnd>& ends) {
  if (body_ > 0) return begin;
  const size_t first = begin;
  const size_t put_out = out.size() - first;  // may wrap round
  for (size_t end = terminators.place(); end != BytePlaces::kNone; end = terminators.place()) {
    if (end - begin < kNeverBlank || end - begin > options_.max_record) break;
    begin = end + 1;
    ends.push_back({put_out + begin, 0, 0, false});
    terminators.advance();
  }
  if (begin > first) out.append(in.substr(first, begin - first));
  return begin;
}

/// Whether an open line with `piece` is one to skip, should it end here.
bool Framer::is_blank(std::string_view piece) const {
  if (options_.keep_empty || body_ > 0) return false;
  return piece.empty() || (piece == "\r" && framing_ == Framing::newline);
}

void Framer::feed_counted(std::string_view in, Output& out, std::vector<RecordEnd>& ends) {
  while (!in.empty()) {
    if (body_left_ == 0) {
      in.remove_prefix(take_whole_frames(in, out, ends));
      in.remove_prefix(take_header(in));
      if (error_ != FrameError::none) return;
    }
    const std::string_view piece = in.substr(0, body_left_);
    if (piece.empty()) return;
    put_body(piece, out);
    in.remove_prefix(piece.size());
    body_left_ -= piece.size();
    if (body_left_ > 0) return;
    out.append('\n');
    end_record(out.size(), ends);
    gap_ = Gap::line_end;
  }
}

/// The usual case at one go: frames of which every byte is in `in`, and that are as they should be.
/// Returns how many bytes they are; the others are looked at byte for byte.
size_t Framer::take_whole_frames(std::string_view in, Output& out, std::vector<RecordEnd>& ends) {
  if (digits_ > 0 || gap_ == Gap::line_feed) return 0;
  const size_t most = std::min(options_.max_frame, options_.max_record);
  size_t at = 0;
  while (true) {
    const size_t begin = at;
    if (gap_ == Gap::line_end && at < in.size() && in[at] == '\n') ++at;
    const size_t digits = at;
    size_t count = 0;
    while (at < in.size() && at - digits < kMaxDigits && is_digit(in[at]))
      count = count * 10 + static_cast<size_t>(in[at++] - '0');
    const bool whole = at < in.size() && in[at] == ' ' && in[digits] != '0' && count > 0 &&
                       count <= most && count < in.size() - at;
    if (!whole) return begin;
    out.append_record(in.substr(at + 1, count));
    ends.push_back({out.size(), 0, 0, false});
    at += 1 + count;
    gap_ = Gap::line_end;
  }
}

/// Takes bytes up to the end of the count, to an error or to the end of `in`.
size_t Framer::take_header(std::string_view in) {
  size_t at = 0;
  while (at < in.size() && body_left_ == 0 && error_ == FrameError::none) {
    char c = in[at++];
    if (!take_gap(c)) take_count(c);
  }
  return at;
}

/// Whether `c` belongs to the line's end that some senders put after a counted frame.
bool Framer::take_gap(char c) {
  const Gap gap = gap_;
  gap_ = Gap::nothing;
  if (gap == Gap::nothing) return false;
  if (c == '\n') return true;
  if (gap == Gap::line_end && c == '\r') gap_ = Gap::line_feed;
  if (gap == Gap::line_feed) error_ = FrameError::bad_count;
  return gap == Gap::line_feed || c == '\r';
}

void Framer::take_count(char c) {
  if (c == ' ') {
    end_count();
  } else if (!is_digit(c)) {
    error_ = FrameError::bad_count;
  } else if (digits_ > 0 && count_ == 0) {
    error_ = FrameError::leading_zero;
  } else if (digits_ == kMaxDigits) {
    error_ = FrameError::count_too_large;
  } else {
    count_ = count_ * 10 + static_cast<size_t>(c - '0');
    ++digits_;
  }
}

void Framer::end_count() {
  if (digits_ == 0) {
    error_ = FrameError::bad_count;
  } else if (count_ == 0) {
    error_ = FrameError::zero_count;
  } else if (count_ > options_.max_frame) {
    error_ = FrameError::count_too_large;
  } else {
    body_left_ = count_;
    count_ = digits_ = 0;
  }
}

void Framer::put_body(std::string_view bytes, Output& out) {
  const uint64_t limit = options_.max_record + options_.look_ahead;
  if (body_ < limit) out.append(bytes.substr(0, static_cast<size_t>(limit - body_)));
  body_ += bytes.size();
}

void Framer::end_record(size_t offset, std::vector<RecordEnd>& ends) {
  const uint64_t put = std::min<uint64_t>(body_, options_.max_record + options_.look_ahead);
  const uint64_t cut = put > options_.max_record ? put - options_.max_record : 0;
  ends.push_back({offset, static_cast<size_t>(cut), body_ - put, body_left_ > 0});
  body_ = 0;
}

void Framer::finish(std::vector<RecordEnd>& ends) {
  empty_records_ += held_cr_ ? 1 : 0;
  held_cr_ = false;
  if (in_record()) end_record(0, ends);
  body_left_ = 0;
}

}  // namespace redactd
