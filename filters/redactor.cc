#include "filters/redactor.h"

#include <algorithm>
#include <utility>

#include "filters/byte_class.h"
#include "filters/byte_search.h"
#include "filters/give_back.h"
#include "filters/rewriter.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/code_before.h"
#include "filters/spans/value/table_rows.h"

namespace redactd {
namespace {

constexpr size_t kRoomForMasks = 4096;    // masks are longer than what they stand for, now and then
constexpr size_t kMostOpenMatches = 256;  // of an open record, to be looked at again and again

/// Behind the last blank, or the whole if it ends in a word and a colon: `Password:`. 0: neither.
size_t end_of_words(std::string_view text) {
  size_t end = text.size();
  if (end > 1 && text[end - 1] == ':') {
    size_t word = end - 1;
    while (word > 0 && is_letter(text[word - 1])) --word;
    if (word < end - 1 && (word == 0 || is_blank(text[word - 1]))) return end;
  }
  while (end > 0 && !is_blank(text[end - 1])) --end;
  return end;
}

/// What is open, a block or a span, goes on under the number that its rule has in the rules `to`,
/// and ends where the rule is gone.
template <typename Open>
void renumber(Open& open, const RuleSet& from, const RuleSet& to) {
  if (!open.active) return;
  const std::string& id = from.rules()[open.rule].id;
  for (uint32_t i = 0; i < to.rules().size(); ++i) {
    if (to.rules()[i].id != id || to.is_muted(i)) continue;
    open.rule = i;
    return;
  }
  open.active = false;
}

}  // namespace

/// A call that does not come to its end leaves the stream failed: no later one puts anything out.
class Redactor::Attempt {
 public:
  explicit Attempt(Redactor& redactor) : failed_(redactor.failed_) {
    if (failed_) throw MatchError("the stream has failed before");
    failed_ = true;
  }
  void succeed() { failed_ = false; }

 private:
  bool& failed_;
};

Redactor::Redactor(std::shared_ptr<const RuleSet> rules, MatchScratch& scratch, Limits limits)
    : rules_(std::move(rules)), limits_(limits), anchors_(scratch), resolver_(*rules_) {
  limits_.max_record = std::max(limits_.max_record, kLeastMaxRecord);
  anchors_.open(*rules_, 0);
}

/// Where the window that holds emitted_ begins. It depends on the record alone, not on what of it
/// went out early.
uint64_t Redactor::window_begin() const {
  return record_ + (emitted_ - record_) / limits_.max_record * limits_.max_record;
}

/// Settled bytes are dropped, but for what the next window of a long record looks back at.
uint64_t Redactor::first_needed() const {
  uint64_t keep = emitted_;
  if (record_ < emitted_) {
    uint64_t window = window_begin();
    keep = std::max(record_, window - std::min<uint64_t>(window, kOverlap));
  }
  return std::max(keep, held_.begin());
}

std::span<char> Redactor::prepare(size_t size) {
  held_.let_go();
  return held_.room(size, first_needed());
}

std::string_view Redactor::commit(size_t size) {
  Attempt attempt(*this);
  findings_.clear();
  const uint64_t start = held_.end();
  std::string_view fresh = held_.add(size);
  anchors_.take(held_.all(), size, held_.begin());
  counters_.bytes_in += size;
  size_t line_feed = last_place(fresh, '\n');
  std::string_view view = release(line_feed == kNone ? record_ : start + line_feed + 1, false);
  attempt.succeed();
  return view;
}

std::string_view Redactor::commit_records(std::string_view records) {
  Attempt attempt(*this);
  findings_.clear();
  held_.add_elsewhere(records);
  anchors_.take(records, records.size(), held_.begin());
  counters_.bytes_in += records.size();
  std::string_view view = release(held_.end(), false);
  attempt.succeed();
  return view;
}

std::string_view Redactor::finish() {
  Attempt attempt(*this);
  findings_.clear();
  at_end_of_stream_ = true;
  if (emitted_ < held_.end()) anchors_.end(held_.all(), held_.begin());
  std::string_view view = release(held_.end(), true);
  attempt.succeed();
  return view;
}

/// Settles the complete records before `ready` and, of a record without an end that has grown too
/// long, the windows that are complete. Returns what goes out.
std::string_view Redactor::release(uint64_t ready, bool finished) {
  out_.clear();
  edits_.clear();
  view_begin_ = copied_ = emitted_;
  if (!finished) {
    redact_records(ready);
    redact_record(record_, held_.end(), false);
  } else {
    if (emitted_ < held_.end()) redact_record(record_, held_.end(), true);
    record_ = emitted_;
  }
  view_is_input_ = out_.empty() && copied_ == view_begin_;
  if (!view_is_input_) put_through(emitted_);
  std::string_view result =
      view_is_input_ ? held_.view(view_begin_, emitted_) : std::string_view(out_);
  counters_.bytes_out += result.size();
  return result;
}

/// Complete records from record_ up to `ready`. Only those with matches in them are looked at, and
/// all while a block is open.
void Redactor::redact_records(uint64_t ready) {
  while (record_ < ready) {
    bool look_at_each = block_.active || carry_.active || rules_->looks_at_every_record();
    uint64_t begin = record_;
    if (!look_at_each && record_ == emitted_) {
      std::span<const Match> matches = anchors_.matches();
      if (matches.empty() || matches.front().end > ready) break;
      uint64_t last_byte = matches.front().end - 1;
      size_t line_feed =
          last_byte > record_ ? last_place(held_.view(record_, last_byte), '\n') : kNone;
      if (line_feed != kNone) begin = record_ + line_feed + 1;
    }
    uint64_t search = std::max(begin, emitted_);
    uint64_t end = search + held_.view(search, ready).find('\n');
    record_ = begin;
    emitted_ = std::max(emitted_, begin);
    redact_record(begin, end, true);
    record_ = emitted_ = end + 1;
    anchors_.drop_to(record_);
  }
  if (record_ < ready) record_ = emitted_ = ready;
}

/// The record [begin, end) from emitted_ on. `complete`: its end is its end; else only whole
/// windows are done.
void Redactor::redact_record(uint64_t begin, uint64_t end, bool complete) {
  const uint64_t window = limits_.max_record;
  while (true) {
    uint64_t start = window_begin();
    uint64_t left = end - start;
    bool last = complete && left <= window + kOverlap;
    if (!last && left <= window + kOverlap) return;
    uint64_t view_begin = std::max(begin, start - std::min<uint64_t>(start, kOverlap));
    uint64_t view_end = last ? end : start + window + kOverlap;
    uint64_t cut = last ? end : start + window;
    std::string_view bytes = held_.view(view_begin, view_end);
    Window piece{view_begin, emitted_, cut, bytes, {bytes, view_begin == begin, last}};
    // The CR of a CRLF ends the record; it is no part of what a cut-off token is cut off from.
    if (last && bytes.ends_with('\r')) piece.view.text.remove_suffix(1);
    redact_window(piece);
    emitted_ = cut;
    if (last) return;
    // Matches that no later window can see.
    anchors_.drop_to(emitted_ - std::min<uint64_t>(emitted_, kOverlap));
  }
}

void Redactor::redact_window(const Window& window) {
  const bool last = window.view.ends_record;
  // An expression may end in the line end behind the record; the resolver knows which may.
  collect_matches(window.begin, window.begin + window.bytes.size() + (last ? 1 : 0));
  if (over_budget_) return mask_whole(window);
  if (record_matches_.empty() && !block_.active && !carry_.active && !at_end_of_stream_ &&
      !rules_->looks_at_every_record() && last) {
    return;
  }
  // Of a window that is not the record's last, only spans count, not what it says of the next
  // records.
  OpenBlock block = block_;
  std::vector<Span>& spans = resolver_.resolve(window.view, record_matches_, block, decisions_);
  if (resolver_.over_budget()) return mask_whole(window);
  if (last) block_ = block;
  if (at_end_of_stream_ && last) mask_cut_off_known(window.view, spans);
  carry_.go_on(window, rules_->rules(), spans);
  if (!spans.empty()) put_out(window, spans);
  carry_.take(window, spans);
}

void Redactor::collect_matches(uint64_t begin, uint64_t end) {
  record_matches_.clear();
  for (const Match& match : anchors_.matches()) {
    if (match.end > end) break;
    if (match.end <= begin) continue;
    record_matches_.push_back({static_cast<size_t>(match.end - begin), match.expression});
  }
}

/// Masks in place of the spans.
void Redactor::put_out(const Window& window, std::vector<Span>& spans) {
  const size_t from = window.offset(window.from);
  const size_t to = window.offset(window.cut);
  fit_masks(window.view, spans, forms_);
  put_through(window.from);
  append_masked(window.bytes, from, to, spans, forms_, rules_->masker(), out_, replaced_);
  note_edits(window.begin);
  copied_ = window.cut;
  uint64_t* of_rule = nullptr;  // the last one's: most of many are one rule's
  uint32_t rule = 0;
  for (const Span& span : spans) {
    if (span.begin < from || span.begin >= to) continue;
    findings_.push_back({window.begin + span.begin, span.end - span.begin, span.rule});
    ++counters_.masks;
    if (of_rule == nullptr || span.rule != rule) of_rule = &counters_.masks_by_rule[span.rule];
    rule = span.rule;
    ++*of_rule;
  }
}

/// Copies what lies between the last mask and `to` into the output.
void Redactor::put_through(uint64_t to) {
  if (out_.empty()) out_.reserve(static_cast<size_t>(held_.end() - view_begin_) + kRoomForMasks);
  if (copied_ < to) out_.append(held_.view(copied_, to));
  copied_ = std::max(copied_, to);
}

/// What append_masked() replaced, by its places in the stream; `begin` is where its text begins.
void Redactor::note_edits(uint64_t begin) {
  for (const Replaced& part : replaced_)
    edits_.push_back({begin + part.begin, begin + part.end, part.out_end});
  replaced_.clear();
}

/// Fails closed: the record cost more than its budget, so all that has not come out is masked.
void Redactor::mask_whole(const Window& window) {
  const RecordView& view = window.view;
  put_through(window.from);
  if (!over_budget_) {
    char start = view.text.empty() || !view.starts_record ? ' ' : view.text.front();
    bool json = start == '{' || start == '[';
    if (json) out_ += '"';
    out_ += kWholeRecordMask;
    if (json) out_ += '"';
    ++counters_.records_masked_whole;
  }
  edits_.push_back({window.from, window.cut, out_.size()});
  copied_ = window.cut;
  carry_.active = false;
  over_budget_ = !view.ends_record;
  if (view.ends_record) resolver_.follow_blocks(view, record_matches_, block_);
}

/// The stream ends in the middle of a known value: its first part is as secret as the whole.
void Redactor::mask_cut_off_known(const RecordView& view, std::vector<Span>& spans) const {
  uint32_t rule = 0;
  size_t length = rules_->cut_off_known(view.text, rule);
  if (length == 0) return;
  size_t begin = view.text.size() - length;
  while (!spans.empty() && spans.back().end > begin) {
    begin = std::min(begin, spans.back().begin);
    spans.pop_back();
  }
  spans.push_back(Span{begin, view.text.size(), rule, {}});
}

std::string Redactor::take_view() {
  if (view_is_input_) return std::string(held_.view(view_begin_, emitted_));
  return std::exchange(out_, {});
}

std::string_view Redactor::settle_open() {
  Attempt attempt(*this);
  findings_.clear();
  out_.clear();
  edits_.clear();
  view_begin_ = copied_ = emitted_;
  view_is_input_ = true;
  emitted_ = end_of_open_words();
  counters_.bytes_out += emitted_ - view_begin_;
  attempt.succeed();
  return held_.view(view_begin_, emitted_);
}

/// Up to where the open record can go out: behind its last blank, or behind a colon after a word,
/// for no token and no password has one of these within it.
uint64_t Redactor::end_of_open_words() const {
  bool long_record = held_.end() - record_ > limits_.max_record;
  const bool rows = block_.active && !block_.columns.empty();
  if (emitted_ == held_.end() || long_record || (block_.active && !block_.one_word && !rows) ||
      carry_.active || rules_->may_match_blanks() || anchors_.matches().size() > kMostOpenMatches)
    return emitted_;
  std::string_view record = held_.view(record_, held_.end());
  size_t end = end_of_words(record);
  if (record_ + end <= emitted_) return emitted_;
  record = record.substr(0, end);
  if (block_.active && (record.ends_with('\r') || record.ends_with(':'))) return emitted_;
  if (rows && may_hold_value(record, block_)) return emitted_;
  if (record.find('{') != kNone) return emitted_;  // what follows in an object may tell of a secret
  if (may_become_code(record)) return emitted_;    // as may words behind a number
  for (const Match& match : anchors_.matches()) {
    size_t match_end = static_cast<size_t>(match.end - record_);
    if (match.end > record_ && !resolver_.leaves(record, {match_end, match.expression}))
      return emitted_;
  }
  uint32_t rule = 0;
  bool known = rules_->cut_off_known(record, rule) != 0;
  // Of a record that ends here, a final CR is no part.
  if (record.ends_with('\r')) record.remove_suffix(1);
  known = known || rules_->cut_off_known(record, rule) != 0;
  return known ? emitted_ : record_ + end;
}

void Redactor::resume() {
  Attempt attempt(*this);
  at_end_of_stream_ = false;
  anchors_.open(*rules_, held_.end());
  attempt.succeed();
}

void Redactor::adopt(std::shared_ptr<const RuleSet> rules) {
  Attempt attempt(*this);
  held_.let_go();
  std::shared_ptr<const RuleSet> old = std::move(rules_);
  rules_ = std::move(rules);
  resolver_.adopt(*rules_);
  renumber(block_, *old, *rules_);
  renumber(carry_, *old, *rules_);
  counters_.masks_by_rule.clear();
  // The matcher starts anew at the start of the record, as it stood there when the record began. Of
  // a long record, at what the next window looks back at.
  uint64_t begin = std::max(record_, held_.begin());
  anchors_.open(*rules_, begin);
  anchors_.take(held_.all(), static_cast<size_t>(held_.end() - begin), held_.begin());
  attempt.succeed();
}

StreamState Redactor::take_state() {
  return {std::exchange(block_, {}), std::exchange(counters_, {})};
}

void Redactor::add_state(StreamState state) {
  block_ = std::move(state.block);
  counters_.add(state.counters);
}

void Redactor::trim() {
  if (emitted_ != held_.end() || record_ != held_.end()) return;
  held_.clear();
  give_back(out_);
  anchors_.trim();
  give_back(record_matches_);
  give_back(forms_);
  give_back(edits_);
  give_back(replaced_);
  give_back(findings_);
  resolver_.trim();
}

void Redactor::borrow_buffers(SpareBuffers& spare) {
  if (spare.output.capacity() > out_.capacity()) out_.swap(spare.output);
  held_.borrow(spare.records, first_needed());
}

void Redactor::return_buffers(SpareBuffers& spare) {
  view_is_input_ = true;
  if (out_.capacity() > spare.output.capacity()) out_.swap(spare.output);
  std::string().swap(out_);
  held_.give_back(spare.records, first_needed());
}

void RedactorCounters::add(const RedactorCounters& other) {
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  masks += other.masks;
  records_masked_whole += other.records_masked_whole;
  for (const auto& [rule, count] : other.masks_by_rule) masks_by_rule[rule] += count;
}

void RedactorCounters::subtract(const RedactorCounters& other) {
  bytes_in -= other.bytes_in;
  bytes_out -= other.bytes_out;
  masks -= other.masks;
  records_masked_whole -= other.records_masked_whole;
  for (const auto& [rule, count] : other.masks_by_rule) {
    uint64_t& of_rule = masks_by_rule[rule];
    of_rule -= count;
    if (of_rule == 0) masks_by_rule.erase(rule);
  }
}

}  // namespace redactd
