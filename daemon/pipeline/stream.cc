#include "daemon/pipeline/stream.h"

#include <algorithm>
#include <utility>

#include "daemon/framing/json_text.h"

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool lies_in(std::span<const char> room, std::string_view bytes) {
  return !room.empty() && bytes.data() >= room.data() && bytes.data() < room.data() + room.size();
}

bool is_cut(const RecordEnd& end) { return end.cut > 0 || end.skipped > 0; }

}  // namespace

Stream::Stream(const StreamSettings& settings, std::shared_ptr<const Generation> generation,
               StreamThread thread, SourceCounters& counters, uint64_t number)
    : settings_(settings),
      generation_(std::move(generation)),
      thread_(thread),
      counters_(counters),
      number_(number),
      framer_(settings.framing),
      // No record that the framer puts out is longer than a window, so each comes out in one piece.
      redactor_(generation_->rules, thread.scratch, Limits{settings.framing.max_record}),
      ends_(thread.buffers.ends) {
  static_assert(Framer::kLookAhead <= kOverlap);
}

Stream::~Stream() { counters_.held_bytes.subtract(noted_held_); }

void Stream::adopt(std::shared_ptr<const Generation> generation) {
  if (generation == generation_ || generation->number < generation_->number) return;
  if (generation->rules != generation_->rules) redactor_.adopt(generation->rules);
  generation_ = std::move(generation);
}

FrameError Stream::feed(std::string_view bytes, Time received,
                        const std::shared_ptr<void>& receipt) {
  ends_.clear();
  if (!lies_in(room_, bytes)) room_ = redactor_.prepare(bytes.size() + 1);
  const char* text = room_.data();
  Framer::Fed fed = framer_.feed(bytes, std::exchange(room_, {}), ends_);
  count_read(bytes.size(), ends_);
  redact({{text, fed.size}, ends_}, {received, receipt});
  if (fed.error != FrameError::none) counters_.frame_errors[static_cast<size_t>(fed.error)].add();
  return fed.error;
}

void Stream::take(size_t size, std::span<const RecordEnd> ends, Time received) {
  const char* text = std::exchange(room_, {}).data();
  count_read(size, ends);
  redact({{text, size}, ends}, {received, nullptr});
}

/// `read` lies in the redactor's room.
void Stream::redact(const Part& read, const Arrival& arrival) {
  const bool command = obeys() && (redactor_.held_bytes() > 0 || holds_command(read.text));
  if (command) return redact_and_obey(read, arrival);
  redact_all(read, arrival);
}

void Stream::redact_all(const Part& read, const Arrival& arrival) {
  const Time start = Clock::now();
  const bool much = thread_.share != nullptr && thread_.share->worth(read.text.size(), start);
  if (!much || !redact_together(read)) redact_here(read.text.size(), 0, read.ends);
  count_redacted();
  thread_.counters.scan.observe(seconds_since(start));
  push(arrival);
}

/// The next `size` bytes of the redactor's room, which begin at `from` where the ends count from.
void Stream::redact_here(size_t size, size_t from, std::span<const RecordEnd> ends) {
  const uint64_t base = redactor_.received() - from;  // may wrap round
  RedactedView view(redactor_, redactor_.commit(size));
  collect(view, base, ends);
}

/// Makes batches of the records that `ends` names; they count from `base` in the input of the
/// view's redactor.
void Stream::collect(RedactedView& view, uint64_t base, std::span<const RecordEnd> ends) {
  bool whole = held_.empty() && std::none_of(ends.begin(), ends.end(), is_cut) &&
               std::all_of(route().groups.begin(), route().groups.end(),
                           [this](const auto& group) { return goes_out_as_it_is(group.encoding); });
  if (whole) {
    collect_whole(view, base, ends);
  } else {
    collect_each(view, base, ends);
  }
  close_outputs();
  count_masks(view.redactor());
}

/// Lines in, lines out: the redacted bytes are what goes over the wire.
bool Stream::goes_out_as_it_is(const Encoding& encoding) const {
  bool wrapped = settings_.plain && encoding.wrap.on;
  return encoding.framing == Framing::newline && framer_.framing() == Framing::newline && !wrapped;
}

void Stream::collect_whole(RedactedView& view, uint64_t base, std::span<const RecordEnd> ends) {
  if (ends.empty()) return;
  outputs_.resize(route().groups.size());
  outputs_[0] = std::make_shared<Encoded>();
  outputs_[0]->bytes = view.take_all();
  outputs_[0]->ends.reserve(ends.size());
  for (const RecordEnd& end : ends) outputs_[0]->end_record_at(view.place_of(base + end.offset));
  std::fill(outputs_.begin() + 1, outputs_.end(), outputs_[0]);
  record_begin_ = base + ends.back().offset;
}

void Stream::collect_each(RedactedView& view, uint64_t base, std::span<const RecordEnd> ends) {
  auto now = std::chrono::system_clock::now();
  if (!ends.empty()) open_outputs(held_.size() + view.text().size(), ends.size());
  for (const RecordEnd& end : ends) {
    uint64_t behind = base + end.offset;
    encode(next_record(view, behind - 1, behind, end.cut), now);
  }
  hold_rest(view);
}

/// With room for what comes, so that nothing is copied twice as they grow.
void Stream::open_outputs(size_t bytes, size_t records) {
  constexpr size_t kCountBytes = 5;
  outputs_.resize(route().groups.size());
  for (std::shared_ptr<Encoded>& output : outputs_) {
    output = std::make_shared<Encoded>();
    output->bytes.reserve(bytes + records * kCountBytes);
    output->ends.reserve(records);
  }
}

void Stream::encode(std::string_view body, std::chrono::system_clock::time_point now) {
  const std::vector<Route::Group>& groups = route().groups;
  for (size_t i = 0; i < groups.size(); ++i)
    encode_record(groups[i].encoding, body, settings_.plain, now, *outputs_[i]);
  held_.clear();
}

/// The redacted body of the open record, which ends before `body_end`; the next begins at `end`.
/// Without its last `cut` bytes and what lies beyond max_record, but for a mask that begins before
/// it. Valid until the next call.
std::string_view Stream::next_record(RedactedView& view, uint64_t body_end, uint64_t end,
                                     uint64_t cut) {
  uint64_t keep = std::min(body_end - cut, record_begin_ + settings_.framing.max_record);
  std::string_view part = view.take_to(keep);
  view.skip_to(end);
  record_begin_ = end;
  bool mend = keep < body_end && !settings_.cut_end.empty();
  if (held_.empty() && !mend) return part;
  held_ += part;
  if (mend) held_.resize(whole_json_text(held_));
  if (mend) held_ += settings_.cut_end;
  return held_;
}

/// Lines of a counted record whose end has not come.
void Stream::hold_rest(RedactedView& view) {
  held_ += view.take_to(std::min(view.end(), record_begin_ + settings_.framing.max_record));
}

/// The batches of a part are ready to be pushed.
void Stream::close_outputs() {
  if (!outputs_.empty()) ready_.push_back(std::exchange(outputs_, {}));
}

void Stream::push(const Arrival& arrival) {
  const std::vector<Route::Group>& groups = route().groups;
  for (const Outputs& outputs : ready_) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      for (const std::shared_ptr<Sink>& sink : groups[i].sinks)
        sink->push({outputs[i], number_, arrival.received, arrival.receipt, canary_});
    }
  }
  ready_.clear();
}

void Stream::count_masks(const Redactor& redactor) {
  for (const Finding& finding : redactor.findings())
    generation_->redactions[thread_.worker][finding.rule]->add();
}

void Stream::count_read(size_t bytes, std::span<const RecordEnd> ends) {
  counters_.bytes.add(bytes);
  counters_.records.add(ends.size());
  for (const RecordEnd& end : ends) {
    if (is_cut(end)) {
      counters_.truncated_records.add();
      counters_.truncated_bytes.add(end.cut + end.skipped);
    }
    if (end.incomplete) counters_.incomplete_records.add();
  }
  counters_.empty_records.add(framer_.empty_records() - noted_empty_);
  noted_empty_ = framer_.empty_records();
}

void Stream::count_redacted() {
  uint64_t held = held_bytes();
  counters_.held_bytes.add(held - noted_held_);  // wraps round where it became less
  noted_held_ = held;
  uint64_t masked_whole = redactor_.counters().records_masked_whole;
  thread_.counters.masked_whole.add(masked_whole - noted_masked_whole_);
  noted_masked_whole_ = masked_whole;
}

std::span<char> Stream::room(size_t size) {
  size_t lead = framer_.lead();
  room_ = redactor_.prepare(size + lead + 1);
  return room_.subspan(lead, size);
}

std::span<char> Stream::record_room(size_t size) {
  room_ = redactor_.prepare(size);
  return room_;
}

void Stream::finish(Time received, const std::shared_ptr<void>& receipt) {
  ends_.clear();
  framer_.finish(ends_);
  std::string_view clean = redactor_.finish();
  if (!ends_.empty()) {
    RedactedView view(redactor_, clean);
    open_outputs(held_.size() + clean.size(), 1);
    encode(next_record(view, redactor_.received(), redactor_.received(), ends_.back().cut),
           std::chrono::system_clock::now());
    close_outputs();
  }
  count_masks(redactor_);
  count_read(0, ends_);
  count_redacted();
  push({received, receipt});
  if (obeys() && holds_command(redactor_.original())) obey(redactor_.original());  // for the others
}

void Stream::break_off(Time received, const std::shared_ptr<void>& receipt) {
  finish(received, receipt);
  redactor_.resume();
  record_begin_ = redactor_.received();
}

void Stream::replay(std::string_view lines) {
  ends_.clear();
  if (!lies_in(room_, lines)) room_ = redactor_.prepare(lines.size() + 1);
  Framer::Fed fed = framer_.feed(lines, std::exchange(room_, {}), ends_);
  redactor_.commit(fed.size);
  record_begin_ = redactor_.received();
}

void Stream::return_buffers() {
  room_ = {};
  redactor_.return_buffers(thread_.buffers.spare);
}

void Stream::trim() {
  room_ = {};
  redactor_.trim();
  if (held_.empty()) std::string().swap(held_);
}

}  // namespace redactd
