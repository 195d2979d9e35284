#pragma once

// Where a stream has to pause: behind each record that holds a command (`::add-mask::`), so that
// the next record already meets what was asked for. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace redactd {

/// Cuts what is read into pieces that end where a record with the marker may end. Belongs to one
/// stream, and sees all of its bytes in order.
class CommandPieces {
 public:
  explicit CommandPieces(std::string_view marker) : marker_(marker) {}

  /// How many of `bytes` (not empty) to take next. The framing decides where records end, so within
  /// a record that holds the marker it is one byte at a time.
  size_t next(std::string_view bytes);
  /// The piece is inside a record that holds the marker.
  bool inside() const { return inside_; }
  /// That record has ended with the last piece.
  void record_ended() { inside_ = false; }

 private:
  const std::string_view marker_;
  std::string tail_;  // what the next bytes may make a marker of
  bool inside_ = false;
};

}  // namespace redactd
