#pragma once

// A stream that begins as UTF-16 need not go on as that: what PowerShell began, a program of
// another kind appends bytes to. Lines tell which they are by their zero bytes, and where their
// units begin.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "filters/utf16.h"
#include "filters/wiping_allocator.h"

namespace redactd {

/// A line of such a stream, or a part of one.
struct Utf16Part {
  std::string_view bytes;
  bool units = false;  // whole code units; false: bytes that are none
  bool ends_line = false;
};

/// Cuts a stream into such parts. They depend on its bytes only, not on how these came, but where
/// a line longer than kLongest is cut.
class Utf16Lines {
 public:
  static constexpr size_t kLongest = 64 * 1024;  // so much of a line tells what it is

  explicit Utf16Lines(ByteOrder order) : order_(order) {}

  /// Ends the views of parts.
  void add(std::string_view bytes);
  /// The next one; nothing: its end has not come yet.
  std::optional<Utf16Part> next() { return next(false); }
  /// The same when nothing more comes.
  std::optional<Utf16Part> last() { return next(true); }

 private:
  std::optional<Utf16Part> next(bool at_end);
  void find_end(bool at_end);
  void tell_kind(size_t limit);
  Utf16Part take(size_t size, bool units);
  std::string_view waiting() const { return {buffer_.data(), buffer_.size()}; }

  ByteOrder order_;
  WipedBuffer buffer_;
  // Places in the buffer. Of a long line its beginning is there no more.
  size_t begin_ = 0;  // of the line
  size_t put_ = 0;    // what is before it has been handed out
  size_t seen_ = 0;   // what is before it ends no line
  size_t end_ = 0;    // of the line; 0: it has not come yet
  bool told_ = false;
  bool units_ = false;  // the line has some
  bool odd_ = false;    // a byte stands before the first of them
};

/// Such a stream as UTF-8, but for its bytes that are no UTF-16.
class Utf16Text {
 public:
  explicit Utf16Text(ByteOrder order) : lines_(order), decoder_(order) {}

  /// What can be told so far; valid until the next call.
  std::string_view decode(std::string_view bytes);
  std::string_view finish();

 private:
  void put(const Utf16Part& part);

  Utf16Lines lines_;
  Utf16Decoder decoder_;
  SecretText text_;
};

}  // namespace redactd
