#include "filters/spans/encoded_span.h"

#include <algorithm>
#include <optional>

#include "filters/give_back.h"
#include "filters/spans/encoded_text.h"
#include "filters/spans/extent.h"
#include "filters/spans/token_span.h"

namespace redactd {
namespace {

constexpr size_t kUnitsMore = 4096;   // the rest of a token
constexpr size_t kUnitsOfCore = 256;  // every core and what decides on it
constexpr size_t kReach = 16 * 1024;  // bytes before the secret that are masked with it
constexpr size_t kLeastBody = 16;     // bytes of key material behind a marker

/// A secret, by its place in decoded bytes.
struct Decoded {
  size_t begin = 0;
  size_t end = 0;
  uint32_t rule = 0;
  bool key = false;  // all that follows is part of it
};

bool is_text(char c) {
  return (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f) ||
         c == '\t' || c == '\n' || c == '\r';
}

bool is_key_byte(char c) { return is_alnum(c) || c == '+' || c == '/'; }

/// Key material follows the marker, or a header before it, and not the rest of a sentence.
/// Line breaks may be spelt out.
bool body_follows(std::string_view bytes, size_t at, bool cut_off) {
  size_t digits = at;  // of `Private-Lines: 14`
  while (digits < bytes.size() && is_digit(bytes[digits])) ++digits;
  if (digits < bytes.size() && is_blank(bytes[digits])) at = digits;
  while (at < bytes.size() && (is_blank(bytes[at]) || bytes[at] == '\\' ||
                               ((bytes[at] == 'n' || bytes[at] == 'r') && bytes[at - 1] == '\\')))
    ++at;
  for (std::string_view header : {"Proc-Type: ", "Version: ", "Comment: "}) {
    if (bytes.substr(at).starts_with(header)) return true;
  }
  size_t end = at;
  while (end < bytes.size() && is_key_byte(bytes[end])) ++end;
  return end - at >= kLeastBody || (cut_off && end > at && end == bytes.size());
}

/// The units around a hit, read as bytes from one phase on: applies the rules to them.
class Reading {
 public:
  Reading(const RecordView& record, const EncodedRules& rules, EncodedText& units, size_t phase,
          DecodedText& text, EncodedScratch& scratch)
      : record_(record),
        rules_(rules),
        units_(units),
        phase_(phase),
        text_(text),
        spaced_(scratch.spaced),
        cores_(scratch.cores),
        spans_(scratch.spans) {
    spaced_.clear();
    read();
  }

  size_t size() const { return text_.bytes().size(); }

  /// In forms a space is written as a plus.
  void take_pluses_for_spaces() {
    if (text_.bytes().find('+') == kNone) return;
    spaced_ = text_.bytes();
    std::replace(spaced_.begin(), spaced_.end(), '+', ' ');
  }

  /// The secret that begins with byte `at`, or whose marker holds it. `at_line`: what stands before
  /// may be another text.
  template <typename AtLine>
  std::optional<Decoded> find_at(size_t at, AtLine at_line, Verdict& verdict) {
    cores_.clear();
    const std::string_view bytes = text_.bytes().substr(at);
    auto collect = [this](const TokenCores::Core& core) { cores_.push_back(&core); };
    // Most of what looks like a token stands inside a word, which is told with fewer comparisons.
    std::optional<bool> starts;
    auto may_begin = [&](const TokenCores::Core& core) {
      if (core.anywhere) return true;
      if (!starts) starts = word_starts(text_.closed(), at) || at_line();
      return *starts;
    };
    auto any = [](const TokenCores::Core&) { return true; };
    if (spaced_.empty()) {
      rules_.cores.at(bytes, may_begin, collect);
    } else {
      rules_.cores.at(bytes, any, collect);
      if (cores_.empty()) rules_.cores.at(std::string_view(spaced_).substr(at), any, collect);
    }
    for (const TokenCores::Core* core : cores_) {
      Decoded found;
      verdict = core->marker ? try_marker(at, *core, found)
                             : try_token(at, *core, starts && *starts, found);
      if (verdict == Verdict::masked) return found;
    }
    return std::nullopt;
  }

 private:
  /// Where the units end the text does, unless the record goes on and cuts it off.
  bool goes_on() const { return !units_.ends() || units_.ends_text(); }
  void read() { text_.read(units_, phase_, goes_on()); }

  Verdict try_token(size_t at, const TokenCores::Core& core, bool at_word, Decoded& found) {
    const size_t width = core.classes.size();
    while (true) {
      spans_.clear();
      Verdict verdict = resolve_token(text_.view(), rules_.rules[core.rule], core.rule,
                                      {width, at + width, nullptr, at_word}, &text_.runs(), spans_);
      record_.work += text_.work();
      if (spans_.empty()) return verdict;
      found = {spans_[0].begin, spans_[0].end, core.rule, false};
      const size_t seen = units_.size() - units_.first_unit(phase_, at);
      if (found.end < size() || units_.ends() || seen > kUnitsMore) return verdict;
      units_.extend(kUnitsMore);
      record_.work += kUnitsMore;
      read();
    }
  }

  Verdict try_marker(size_t at, const TokenCores::Core& core, Decoded& found) const {
    size_t width = core.classes.size();
    size_t begin = at > kUnitsBefore ? at - kUnitsBefore : 0;
    std::string_view bytes = spaced_.empty() ? text_.bytes() : std::string_view(spaced_);
    size_t end =
        rules_.markers.end_of_next(bytes.substr(0, at + width + kLeastBody), begin, core.rule);
    if (end == kNone || end < at + width) return Verdict::no_match;
    if (!body_follows(text_.bytes(), end, goes_on())) return Verdict::no_value;
    found = {at, end, core.rule, true};
    return Verdict::masked;
  }

  const RecordView& record_;
  const EncodedRules& rules_;
  EncodedText& units_;
  size_t phase_;
  DecodedText& text_;
  SecretText& spaced_;  // with spaces for pluses; empty: there is none
  std::vector<const TokenCores::Core*>& cores_;
  std::vector<Span>& spans_;
};

/// Whether a whole group of units, their values in order, stands for text.
bool group_is_text(const std::vector<unsigned char>& values, TextEncoding encoding) {
  size_t width = encoding == TextEncoding::base64 ? 6 : 4;
  unsigned held = 0;
  for (unsigned char value : values) held = held << width | value;
  for (size_t bits = values.size() * width; bits >= 8; bits -= 8) {
    if (!is_text(static_cast<char>(held >> (bits - 8) & 0xffu))) return false;
  }
  return true;
}

/// Groups of text before `at`, down to `floor`: where they begin.
size_t text_begin(std::string_view text, size_t at, size_t floor, TextEncoding encoding) {
  std::vector<unsigned char> values(group_of(encoding));
  while (at > floor) {
    size_t begin = at;
    for (size_t i = values.size(); i > 0; --i) {
      const UnitBefore unit = unit_before_break(text, begin, encoding, values[i - 1]);
      if (unit.begin == unit.end) return at;
      begin = unit.begin;
    }
    if (!group_is_text(values, encoding)) return at;
    at = begin;
  }
  return at;
}

/// Groups of text (or, for a key, of anything) from `at` on, with what is left of a last one and
/// the padding.
size_t text_end(std::string_view text, size_t at, bool any, TextEncoding encoding) {
  std::vector<unsigned char> values(group_of(encoding));
  while (true) {
    size_t end = at;
    for (unsigned char& value : values) {
      size_t length = unit_at(text, end, encoding, value);
      if (length == 0) return encoding == TextEncoding::base64 ? padding_end(text, end) : end;
      end += length;
    }
    if (!any && !group_is_text(values, encoding)) return at;
    at = end;
  }
}

/// The whole of the base64 or hexadecimal that the secret is part of.
Span span_in_digits(const RecordView& record, TextEncoding encoding, const EncodedText& units,
                    size_t phase, const Decoded& found) {
  size_t group = group_of(encoding);
  size_t first = units.first_unit(phase, found.begin);
  size_t secret = units.begin_of(first);
  size_t last = units.last_unit(phase, found.end - 1);
  // To the bounds of groups.
  first -= std::min(first, (first - phase) % group);
  last = std::min(last + (group - (last - phase) % group) % group, units.size());
  size_t floor = secret > kReach ? secret - kReach : 0;
  Span span;
  const size_t begin = skip_wrap(record.text, units.begin_of(first));
  span.begin = text_begin(record.text, begin, floor, encoding);
  span.end = text_end(record.text, units.begin_of(last), found.key, encoding);
  span.rule = found.rule;
  if (span.end == record.text.size() && !record.ends_record)
    span.open.how = Continuation::How::encoded;
  return span;
}

/// From the marker's end to the next dashes, or to where the text ends that may hold escapes.
Span key_in_escapes(const RecordView& record, size_t begin, uint32_t rule) {
  std::string_view text = record.text;
  size_t dashes = 0;
  size_t end = begin;
  size_t at = begin;
  unsigned char byte = 0;
  while (size_t length = unit_at(text, at, TextEncoding::escapes, byte)) {
    dashes = byte == '-' ? dashes + 1 : 0;
    at += length;
    if (dashes == 0) end = at;
    if (dashes == 5) break;
  }
  Span span{begin, end, rule, {}};
  if (end == text.size() && !record.ends_record) span.open.how = Continuation::How::block;
  return span;
}

Verdict resolve_digits(const RecordView& record, const EncodedRules& rules, TextEncoding encoding,
                       size_t anchor_end, EncodedDigits& digits, EncodedScratch& scratch,
                       std::vector<Span>& spans) {
  record.work += 3 * digits.move_to(record.text, anchor_end, encoding);
  EncodedText& units = digits.units();
  Verdict verdict = Verdict::no_match;
  std::optional<Span> span;
  digits.look(rules.cores, [&](const EncodedDigits::Place& place) {
    Reading reading(record, rules, units, place.phase, digits.decoded(place.phase), scratch);
    auto at_line = [&] { return units.begins_line(place.unit); };
    const std::optional<Decoded> found = reading.find_at(place.byte, at_line, verdict);
    const size_t before = record.encoded_until;
    if (!found || units.begin_of(units.last_unit(place.phase, found->end - 1)) <= before)
      return false;
    span = span_in_digits(record, encoding, units, place.phase, *found);
    return true;
  });
  record.clear_until[static_cast<size_t>(encoding)] = digits.clear_until();
  if (!span) return verdict;
  spans.push_back(*span);
  record.work += 2 * (span->end - span->begin);
  record.encoded_until = span->end;
  digits.pass(span->end);
  return Verdict::masked;
}

/// All secrets of the text with escapes around the hit, so that no escape is looked at for each of
/// its neighbours.
Verdict resolve_escapes(const RecordView& record, const EncodedRules& rules, size_t anchor_end,
                        EncodedMemo& memo, std::vector<Span>& spans) {
  EncodedText units(record.text, anchor_end, TextEncoding::escapes, kUnitsBefore, kUnitsMore);
  record.work += 2 * units.size();
  memo.escapes.forget();
  Reading reading(record, rules, units, 0, memo.escapes, memo.scratch);
  reading.take_pluses_for_spaces();
  Verdict verdict = Verdict::no_match;
  // What begins near the end is left to the next hit.
  size_t bytes = reading.size();
  size_t decided = units.ends() ? bytes : bytes - std::min(bytes, kUnitsOfCore);
  size_t found_before = spans.size();
  for (size_t at = 0; at < decided; ++at) {
    if (units.begin_of(at) < record.escapes_until) continue;
    std::optional<Decoded> found = reading.find_at(
        at, [] { return false; }, verdict);
    if (!found) continue;
    size_t end = units.begin_of(found->end);
    Span span{units.begin_of(found->begin), end, found->rule, {}};
    if (found->key) {
      span = key_in_escapes(record, end, found->rule);
      record.work += span.end - span.begin;
    } else if (const Rule& rule = rules.rules[found->rule]; rule.extend) {
      if (found->end == reading.size()) span.end = token_end(record.text, end, *rule.extend);
      if (span.end == record.text.size() && !record.ends_record)
        span.open.how = Continuation::How::run;
    }
    if (span.begin < span.end) spans.push_back(span);
    at = found->end - 1;
  }
  record.escapes_until = units.begin_of(decided);
  return spans.size() > found_before ? Verdict::masked : verdict;
}

}  // namespace

void EncodedScratch::trim() {
  give_back(spaced);
  give_back(cores);
  give_back(spans);
}

Verdict resolve_encoded(const RecordView& record, const EncodedRules& rules, TextEncoding encoding,
                        size_t anchor_end, EncodedMemo& memo, std::vector<Span>& spans) {
  if (encoding == TextEncoding::escapes)
    return resolve_escapes(record, rules, anchor_end, memo, spans);
  EncodedDigits& digits = encoding == TextEncoding::base64 ? memo.base64 : memo.hex;
  return resolve_digits(record, rules, encoding, anchor_end, digits, memo.scratch, spans);
}

size_t encoded_end(std::string_view text, size_t from) {
  unsigned char value = 0;
  while (size_t length = unit_at(text, from, TextEncoding::base64, value)) from += length;
  return padding_end(text, from);
}

}  // namespace redactd
