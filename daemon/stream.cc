#include "daemon/stream.h"

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
      pieces_(settings.commands != nullptr ? settings.commands->marker : std::string_view()),
      // No record that the framer puts out is longer than a window, so each comes out in one piece.
      redactor_(generation_->rules, thread.scratch, Limits{settings.framing.max_record}) {
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
  if (!obeys()) return feed_piece(bytes, received, receipt);
  std::vector<char, WipingAllocator<char>> copy;  // the room goes with the first piece
  while (!bytes.empty()) {
    bool inside = pieces_.inside();
    size_t size = pieces_.next(bytes);
    if (size < bytes.size() && copy.empty()) {
      copy.assign(bytes.begin(), bytes.end());
      bytes = {copy.data(), copy.size()};
    }
    FrameError error = feed_piece(bytes.substr(0, size), received, receipt);
    if (error != FrameError::none) return error;
    bytes.remove_prefix(size);
    if (!inside || ends_.empty()) continue;
    obey();
    pieces_.record_ended();
  }
  return FrameError::none;
}

void Stream::obey() {
  auto next = settings_.commands->obey(redactor_.original(), thread_.worker);
  if (!next) return;
  for (const auto& database : next->rules->databases()) thread_.scratch.fit(*database);
  adopt(std::move(next));
}

FrameError Stream::feed_piece(std::string_view bytes, Time received,
                              const std::shared_ptr<void>& receipt) {
  Time start = Clock::now();
  ends_.clear();
  if (!lies_in(room_, bytes)) room_ = redactor_.prepare(bytes.size() + 1);
  Framer::Fed fed = framer_.feed(bytes, std::exchange(room_, {}), ends_);
  uint64_t base = redactor_.received();
  std::string_view clean = redactor_.commit(fed.size);
  collect(clean, base, ends_);
  count(bytes.size(), ends_);
  thread_.counters.scan.observe(seconds_since(start));
  push(received, receipt);
  if (fed.error != FrameError::none) counters_.frame_errors[static_cast<size_t>(fed.error)].add();
  return fed.error;
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

void Stream::take(size_t size, std::vector<RecordEnd>& ends, Time received) {
  std::string_view records(std::exchange(room_, {}).data(), size);
  if (!obeys() || records.find(settings_.commands->marker) == std::string_view::npos)
    return take_piece(size, ends, received);
  std::vector<char, WipingAllocator<char>> copy(records.begin(), records.end());
  size_t begin = 0;
  for (const RecordEnd& end : ends) {
    size_t length = end.offset - begin;
    std::copy_n(copy.data() + begin, length, redactor_.prepare(length).data());
    RecordEnd only = end;
    only.offset = length;
    take_piece(length, {only}, received);
    if (redactor_.original().find(settings_.commands->marker) != std::string_view::npos) obey();
    begin = end.offset;
  }
}

void Stream::take_piece(size_t size, const std::vector<RecordEnd>& ends, Time received) {
  Time start = Clock::now();
  uint64_t base = redactor_.received();
  std::string_view clean = redactor_.commit(size);
  collect(clean, base, ends);
  count(size, ends);
  thread_.counters.scan.observe(seconds_since(start));
  push(received, nullptr);
}

void Stream::finish(Time received, const std::shared_ptr<void>& receipt) {
  ends_.clear();
  framer_.finish(ends_);
  std::string_view clean = redactor_.finish();
  if (!ends_.empty()) {
    start_places();
    open_outputs(held_.size() + clean.size(), 1);
    encode(next_record(clean, redactor_.received(), redactor_.received()),
           std::chrono::system_clock::now());
  }
  count(0, ends_);
  push(received, receipt);
  if (obeys() && pieces_.inside()) obey();  // for the others
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
  redactor_.return_buffers(thread_.spare);
}

void Stream::trim() {
  room_ = {};
  redactor_.trim();
  if (held_.empty()) std::string().swap(held_);
  ends_ = {};
}

/// Puts the records that `ends` names into the outputs. `base` is where the bytes of this call
/// begin in the redactor's input.
void Stream::collect(std::string_view clean, uint64_t base, const std::vector<RecordEnd>& ends) {
  start_places();
  bool whole = held_.empty() && std::none_of(ends.begin(), ends.end(), is_cut) &&
               std::all_of(route().groups.begin(), route().groups.end(),
                           [this](const auto& group) { return goes_out_as_it_is(group.encoding); });
  if (whole) {
    collect_whole(base, ends);
  } else {
    collect_each(clean, base, ends);
  }
}

/// Lines in, lines out: the redacted bytes are what goes over the wire.
bool Stream::goes_out_as_it_is(const Encoding& encoding) const {
  bool wrapped = settings_.plain && encoding.wrap.on;
  return encoding.framing == Framing::newline && framer_.framing() == Framing::newline && !wrapped;
}

void Stream::collect_whole(uint64_t base, const std::vector<RecordEnd>& ends) {
  if (ends.empty()) return;
  outputs_.resize(route().groups.size());
  outputs_[0] = std::make_shared<Encoded>();
  outputs_[0]->bytes = redactor_.take_view();
  outputs_[0]->ends.reserve(ends.size());
  for (const RecordEnd& end : ends)
    outputs_[0]->ends.push_back(static_cast<uint32_t>(place_of(base + end.offset)));
  std::fill(outputs_.begin() + 1, outputs_.end(), outputs_[0]);
  record_begin_ = base + ends.back().offset;
}

void Stream::collect_each(std::string_view clean, uint64_t base,
                          const std::vector<RecordEnd>& ends) {
  auto now = std::chrono::system_clock::now();
  if (!ends.empty()) open_outputs(held_.size() + clean.size(), ends.size());
  for (const RecordEnd& end : ends) {
    uint64_t behind = base + end.offset;
    encode(next_record(clean, behind - 1, behind), now);
  }
  hold_rest(clean);
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
/// Without what lies beyond max_record, but for a mask that begins before it. Valid until the next
/// call.
std::string_view Stream::next_record(std::string_view clean, uint64_t body_end, uint64_t end) {
  uint64_t keep = std::min(body_end, record_begin_ + settings_.framing.max_record);
  size_t begin = view_place_;
  size_t stop = keep <= redactor_.view_begin() ? begin : std::max(begin, place_of(keep));
  view_place_ = std::max(stop, place_of(end));
  record_begin_ = end;
  std::string_view part = clean.substr(begin, stop - begin);
  bool mend = keep < body_end && !settings_.cut_end.empty();
  if (held_.empty() && !mend) return part;
  held_ += part;
  if (mend) held_.resize(whole_json_text(held_));
  if (mend) held_ += settings_.cut_end;
  return held_;
}

/// Lines of a counted record whose end has not come.
void Stream::hold_rest(std::string_view clean) {
  uint64_t keep = std::min(redactor_.settled(), record_begin_ + settings_.framing.max_record);
  if (keep <= redactor_.view_begin()) return;
  size_t stop = place_of(keep);
  if (stop > view_place_) held_ += clean.substr(view_place_, stop - view_place_);
}

void Stream::start_places() {
  next_edit_ = 0;
  edit_in_ = redactor_.view_begin();
  edit_out_ = 0;
  view_place_ = 0;
}

/// Where the input's byte `offset` is in the view; behind the mask when it is masked. Offsets rise
/// from call to call.
size_t Stream::place_of(uint64_t offset) {
  const std::vector<Edit>& edits = redactor_.edits();
  for (; next_edit_ < edits.size() && edits[next_edit_].begin < offset; ++next_edit_) {
    edit_in_ = edits[next_edit_].end;
    edit_out_ = edits[next_edit_].out_end;
  }
  return offset <= edit_in_ ? edit_out_ : edit_out_ + static_cast<size_t>(offset - edit_in_);
}

void Stream::count(size_t bytes, const std::vector<RecordEnd>& ends) {
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
  uint64_t held = held_bytes();
  counters_.held_bytes.add(held - noted_held_);  // wraps round where it became less
  noted_held_ = held;
  for (const Finding& finding : redactor_.findings())
    generation_->redactions[thread_.worker][finding.rule]->add();
  uint64_t masked_whole = redactor_.counters().records_masked_whole;
  thread_.counters.masked_whole.add(masked_whole - noted_masked_whole_);
  noted_masked_whole_ = masked_whole;
}

void Stream::push(Time received, const std::shared_ptr<void>& receipt) {
  const std::vector<Route::Group>& groups = route().groups;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i]) continue;
    for (const std::shared_ptr<Sink>& sink : groups[i].sinks)
      sink->push({outputs_[i], number_, received, receipt, canary_});
  }
  outputs_.clear();
}

}  // namespace redactd
