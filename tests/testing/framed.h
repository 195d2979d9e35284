#pragma once

// A Framer's records from bytes that arrive in given reads, with what must hold of every read
// checked.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/framing/framer.h"

namespace redactd::test {

struct FramedRecord {
  std::string body;  // what goes on: without the bytes that are cut
  uint64_t cut = 0;  // put out beyond it
  uint64_t skipped = 0;
  bool incomplete = false;

  bool operator==(const FramedRecord&) const = default;
};

struct Framed {
  std::vector<FramedRecord> records;
  FrameError error = FrameError::none;
  uint64_t empty_records = 0;
  Framing framing = Framing::automatic;

  bool operator==(const Framed&) const = default;
};

/// One stream. `broken` names the first rule of feed() that did not hold.
class FramedStream {
 public:
  explicit FramedStream(const Framer::Options& options) : framer_(options) {}

  void feed(std::string_view read) {
    // Exactly the room that is promised to be enough, so that AddressSanitizer sees one byte more.
    std::vector<char> room(read.size() + 1);
    // Every other read goes to where it is framed.
    if (std::exchange(in_place_, !in_place_)) {
      char* place = room.data() + framer_.lead();
      std::copy(read.begin(), read.end(), place);
      read = {place, read.size()};
    }
    std::vector<RecordEnd> ends;
    Framer::Fed fed = framer_.feed(read, room, ends);
    if (fed.size > room.size()) return break_rule("more was put out than there is room");
    if (framed_.error != FrameError::none && (fed.size > 0 || !ends.empty())) {
      break_rule("something was put out after an error");
    }
    framed_.error = fed.error;
    size_t from = 0;
    for (const RecordEnd& end : ends) {
      if (end.offset <= from || end.offset > fed.size) return break_rule("ends do not ascend");
      if (room[end.offset - 1] != '\n') return break_rule("a record does not end in a line feed");
      open_.append(room.data() + from, end.offset - 1 - from);
      from = end.offset;
      end_record(end);
    }
    open_.append(room.data() + from, fed.size - from);
    if (fed.error != FrameError::none) open_.clear();
    if (framer_.in_record() != !open_.empty()) break_rule("in_record() is wrong");
  }

  Framed finish() {
    std::vector<RecordEnd> ends;
    framer_.finish(ends);
    if (ends.size() != (open_.empty() ? 0 : 1)) break_rule("the open record did not end");
    for (const RecordEnd& end : ends) {
      if (end.offset != 0) break_rule("the end of the stream put something out");
      end_record(end);
    }
    framer_.finish(ends);
    if (ends.size() > 1 || framer_.in_record()) break_rule("the stream ended twice");
    framed_.empty_records = framer_.empty_records();
    framed_.framing = framer_.framing();
    return std::move(framed_);
  }

  const std::string& broken() const { return broken_; }

 private:
  void end_record(const RecordEnd& end) {
    if (end.cut > open_.size()) return break_rule("more was cut than was put out");
    open_.resize(open_.size() - end.cut);
    framed_.records.push_back({std::move(open_), end.cut, end.skipped, end.incomplete});
    open_.clear();
  }

  void break_rule(const char* rule) {
    if (broken_.empty()) broken_ = rule;
  }

  Framer framer_;
  bool in_place_ = true;
  Framed framed_;
  std::string open_;  // put out of the record that has not ended
  std::string broken_;
};

/// `cuts` ascend; `broken` is for what FramedStream::broken() says.
inline Framed frame(std::string_view bytes, const std::vector<size_t>& cuts,
                    const Framer::Options& options, std::string& broken) {
  FramedStream stream(options);
  size_t from = 0;
  for (size_t cut : cuts) {
    cut = std::clamp(cut, from, bytes.size());
    stream.feed(bytes.substr(from, cut - from));
    from = cut;
  }
  stream.feed(bytes.substr(from));
  Framed framed = stream.finish();
  broken = stream.broken();
  return framed;
}

}  // namespace redactd::test
