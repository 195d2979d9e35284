#pragma once

// One stream of bytes, redacted: the facade of filters/.
//
//     while (size_t n = read(redactor.prepare(64 * 1024))) write(redactor.commit(n));
//     write(redactor.finish());
//
// Bytes are scanned once, as they arrive. A record (a line) is held until its end has been seen and
// comes out with the call that brought it. The output is a function of the input bytes only, not of
// how they were cut.
//
// A batch in which nothing was found comes out as a view of the very bytes that were read. A record
// longer than Limits::max_record is redacted in windows: bytes [k·M, (k+1)·M) of it come out once
// the kOverlap bytes after them have been seen, and what a window knows of its surroundings is the
// same however the bytes arrived.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filters/carry.h"
#include "filters/held_bytes.h"
#include "filters/matcher/anchor_stream.h"
#include "filters/matcher/matcher.h"
#include "filters/resolver.h"
#include "filters/rewriter.h"
#include "filters/rule_set.h"
#include "filters/window.h"

namespace redactd {

struct Limits {
  size_t max_record = 1 << 20;  // bytes; at least kLeastMaxRecord
};
inline constexpr size_t kLeastMaxRecord = 1024;

/// What the streams of one thread pass on to each other.
struct SpareBuffers {
  WipedBuffer records;
  std::string output;
};

/// A masked span, by its place in the input stream. Holds nothing of the secret.
struct Finding {
  uint64_t begin = 0;
  uint64_t size = 0;
  uint32_t rule = 0;
};

/// Bytes [begin, end) of the input stream that something else took the place of; `out_end` is where
/// it ends in the view that the call returned.
struct Edit {
  uint64_t begin = 0;
  uint64_t end = 0;
  size_t out_end = 0;
};

struct RedactorCounters {
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t masks = 0;
  uint64_t records_masked_whole = 0;                     // over the budget of work
  std::unordered_map<uint32_t, uint64_t> masks_by_rule;  // those that masked something

  void add(const RedactorCounters& other);
  /// Of the same records before, or of the first of them.
  void subtract(const RedactorCounters& other);
};

/// What a stream carries over the end of a record, and what it has counted.
struct StreamState {
  OpenBlock block;
  RedactorCounters counters;
};

/// Belongs to one stream and to one thread at a time. The scratch may serve many streams of the
/// same thread.
class Redactor {
 public:
  /// Throws MatchError.
  Redactor(std::shared_ptr<const RuleSet> rules, MatchScratch& scratch, Limits limits = {});

  /// Room for at least `size` more bytes. Valid until commit(); invalidates views handed out
  /// before.
  std::span<char> prepare(size_t size);

  /// Takes the first `size` bytes of the room and returns what can go out: complete records,
  /// redacted. The view is valid until the next call of any function here. Throws MatchError or
  /// std::bad_alloc, after which nothing more comes out: the stream has failed closed.
  std::string_view commit(size_t size);

  /// The same for complete records that lie elsewhere, with kScanPadding readable bytes around
  /// them, which spares their copy. No byte may be held. The view, and original(), then also end
  /// with those bytes.
  std::string_view commit_records(std::string_view records);

  /// The end of the stream: the last record without a terminator, redacted. No terminator is added.
  std::string_view finish();

  /// The view that the last commit() or finish() returned as a string of the caller's own: moved
  /// where it was written anew, copied where it is what was read. Ends the view.
  std::string take_view();

  /// Of a record whose end has not come yet, the bytes that go out as they are whatever follows:
  /// the words of a prompt or of a progress bar, for someone who waits for them. What comes out in
  /// the end is the same with and without. Where something in the record may be a secret, or a rule
  /// may look at all of it (`regex` rules do), there are none. Of a known value that begins with
  /// less than four bytes before a blank, these may be among them. Views and errors as with
  /// commit().
  std::string_view settle_open();

  /// After finish(), when the bytes only broke off: the next ones begin another record of the same
  /// stream. An open private key stays open. Throws MatchError, as commit() does.
  void resume();

  /// From the next byte on `rules` are in force, for what is held of an unfinished record too. An
  /// open private key stays open. Throws MatchError, as commit() does.
  void adopt(std::shared_ptr<const RuleSet> rules);

  /// A stream of many records can be redacted in parts: one with the rules and limits of this one
  /// takes other records of the same stream, as if no private key were open before them. At the end
  /// of a record, with no byte held, take_state() leaves it as it began, and add_state() makes this
  /// one go on behind those records; where a key was open before them they have to be redacted
  /// again.
  Redactor another(MatchScratch& scratch) const { return {rules_, scratch, limits_}; }
  const MatchScratch& scratch() const { return anchors_.scratch(); }
  /// Whether the other one has the same rules and limits.
  bool same_rules(const Redactor& other) const {
    return rules_ == other.rules_ && limits_.max_record == other.limits_.max_record;
  }
  /// Whether the next records come out of both in the same way, as no byte is held.
  bool goes_on_as(const Redactor& other) const { return block_ == other.block_; }
  StreamState take_state();
  void add_state(StreamState state);

  /// Many streams of one thread need large buffers once between them: borrow_buffers() before
  /// prepare() takes them, return_buffers() after commit() puts them back and leaves what is held
  /// in a buffer of its own size. A stream that holds much keeps the large one. Both invalidate
  /// views and room.
  void borrow_buffers(SpareBuffers& spare);
  void return_buffers(SpareBuffers& spare);

  /// Gives back the buffers, if no byte is held; the stream goes on as before. For streams that
  /// have nothing to say for a while. Invalidates views.
  void trim();

  /// Where the view that the last commit() or finish() returned begins in the input stream, and
  /// where the bytes begin that are still held.
  uint64_t view_begin() const { return view_begin_; }
  uint64_t settled() const { return emitted_; }
  /// Bytes of the input stream so far.
  uint64_t received() const { return held_.end(); }
  /// The bytes that the view stands for as they came in; valid as long as the view. Not redacted.
  std::string_view original() const { return held_.view(view_begin_, emitted_); }
  uint64_t held_bytes() const { return held_.end() - emitted_; }
  /// A block (a private key) is open: what the next records are depends on those before.
  bool in_block() const { return block_.active; }
  /// Not only the value of a key on the line before.
  bool in_long_block() const { return block_.active && !block_.one_word; }
  /// What differs between that view and the input, in order: with it a place in the input is found
  /// in the output.
  const std::vector<Edit>& edits() const { return edits_; }

  /// What the last commit() or finish() masked, in order.
  const std::vector<Finding>& findings() const { return findings_; }
  const RedactorCounters& counters() const { return counters_; }
  const RuleSet& rules() const { return *rules_; }
  /// Every anchor looked at in complete records goes to `decisions` too; for `redactd explain`.
  void trace(std::vector<Decision>* decisions) { decisions_ = decisions; }

 private:
  class Attempt;
  std::string_view release(uint64_t ready, bool finished);
  void redact_records(uint64_t ready);
  void redact_record(uint64_t begin, uint64_t end, bool complete);
  void redact_window(const Window& window);
  void collect_matches(uint64_t begin, uint64_t end);
  void put_out(const Window& window, std::vector<Span>& spans);
  void mask_whole(const Window& window);
  void put_through(uint64_t to);
  void note_edits(uint64_t begin);
  uint64_t window_begin() const;
  uint64_t first_needed() const;
  uint64_t end_of_open_words() const;
  void mask_cut_off_known(const RecordView& view, std::vector<Span>& spans) const;

  std::shared_ptr<const RuleSet> rules_;
  Limits limits_;
  AnchorStream anchors_;  // of bytes not yet settled
  Resolver resolver_;

  // Places count from the start of the stream. held_.begin() ≤ emitted_ ≤ held_.end(); record_ is
  // where the record that holds emitted_ starts (before held_.begin() for a long one).
  HeldBytes held_;
  uint64_t record_ = 0;
  uint64_t emitted_ = 0;  // every byte before it is settled
  uint64_t copied_ = 0;   // every byte before it is in out_ (or went out as a view)
  std::vector<RecordMatch> record_matches_;
  std::vector<MaskForm> forms_;  // of their masks
  OpenBlock block_;
  Carry carry_;
  bool over_budget_ = false;  // a window of the open record was: all that follows is masked
  std::string out_;
  uint64_t view_begin_ = 0;
  bool view_is_input_ = true;
  std::vector<Edit> edits_;
  std::vector<Replaced> replaced_;
  bool at_end_of_stream_ = false;
  bool failed_ = false;  // in the midst of a call, and for good after one that threw
  std::vector<Finding> findings_;
  std::vector<Decision>* decisions_ = nullptr;
  RedactorCounters counters_;
};

}  // namespace redactd
