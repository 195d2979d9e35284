#include "filters/spans/block_span.h"

#include <algorithm>
#include <map>

#include "filters/byte_class.h"
#include "filters/spans/block_lines.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/next_line.h"
#include "filters/spans/value/table_rows.h"

namespace redactd {
namespace {

constexpr size_t kStrangers = 16;  // in a row: the block is over
constexpr size_t kPrefixBytes = 1024;

void continue_pairs(const RecordView& record, OpenBlock& open, std::vector<Span>& spans) {
  if (!mask_pair(record.text, open, spans)) open.active = false;
}

/// Lines of hexadecimal alone; the first that is none ends the block.
void continue_hex(const RecordView& record, OpenBlock& open, std::vector<Span>& spans) {
  std::string_view text = record.text;
  size_t begin = matching_prefix(text, open.prefix);
  while (begin < text.size() && is_blank(text[begin])) ++begin;
  size_t end = content_end(text, begin);
  std::string_view content = text.substr(begin, end - begin);
  if (mask_at(content, 0) == content.size() && !content.empty()) return;
  if (content.size() < 2 || content.size() % 2 != 0 ||
      !std::all_of(content.begin(), content.end(), is_hex)) {
    open.active = false;
    return;
  }
  spans.push_back(Span{begin, end, open.rule, {}});
}

void continue_block(const RecordView& record, const Rule& rule, OpenBlock& open,
                    std::vector<Span>& spans) {
  if (open.one_word) return take_next_line(record, rule, open, spans);
  if (!open.columns.empty()) return take_row(record, open, spans);
  ++open.lines;
  open.bytes += record.text.size();
  if (open.lines > rule.max_lines || open.bytes > rule.max_bytes) {
    open.active = false;
    return;
  }
  if (rule.body == BlockBody::pairs) return continue_pairs(record, open, spans);
  if (rule.body == BlockBody::hex) return continue_hex(record, open, spans);
  bool part = mask_line(record.text, open, spans) || mask_stranger(record.text, open, spans);
  open.strangers = part ? 0 : open.strangers + 1;
  if (open.strangers >= kStrangers) open.active = false;
}

/// A block within the record: what follows the begin marker up to the end marker. Blanks and line
/// breaks next to the markers stay, so that a masked block reads like one.
std::string_view body_between(std::string_view text, size_t begin, size_t end) {
  while (begin < end) {
    size_t line_break = spelt_line_break(text.substr(0, end), begin);
    if (!is_blank(text[begin]) && line_break == 0) break;
    begin += std::max<size_t>(line_break, 1);
  }
  while (end > begin) {
    bool line_break =
        end > begin + 1 && text[end - 2] == '\\' && (text[end - 1] == 'n' || text[end - 1] == 'r');
    if (!is_blank(text[end - 1]) && !line_break) break;
    end -= line_break ? 2 : 1;
    while (line_break && end > begin && text[end - 1] == '\\') --end;
  }
  return text.substr(begin, std::max(begin, end) - begin);
}

/// Or empty.
bool is_masked(std::string_view body) { return mask_at(body, 0) == body.size(); }

Span span_of(std::string_view text, std::string_view part, uint32_t rule) {
  const auto begin = static_cast<size_t>(part.data() - text.data());
  return {begin, begin + part.size(), rule, {}};
}

/// Nothing but a line break stands after the marker, in its spelling, before the line or the string
/// around it ends.
bool line_is_over(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (size_t colour = skip_colour(text, at); colour != at) {
      at = colour;
    } else if (is_blank(text[at])) {
      ++at;
    } else if (text[at] == '\\' && at + 1 < text.size() &&
               std::string_view("nr\\").find(text[at + 1]) != kNone) {
      at += 2;
    } else {
      return text[at] == '"' || text[at] == '\'' || text[at] == '\\';
    }
  }
  return true;
}

/// Whether the body is a mask that an earlier pass has put in place of one.
bool is_own_mask(std::string_view body, const Rule& rule) {
  return !body.empty() && is_masked(body) && body.find(':' + rule.id + ']') != kNone;
}

/// What follows a begin marker whose end is not in the record. Returns whether the block goes on
/// after it.
bool mask_tail(const RecordView& record, const BlockMarker& marker, const Rule& rule,
               std::vector<Span>& spans) {
  std::string_view text = record.text;
  size_t end = marker.end;
  // Key material with its line breaks, blanks and headers, up to the quote that closes a string
  // around it.
  while (end < text.size() && text[end] != '"' && text[end] != '\'' && text[end] != '<') {
    if (text[end] == '\\' && end + 1 < text.size() && text[end + 1] == '"') break;
    ++end;
  }
  const bool to_the_end = end == text.size();
  const std::string_view body = body_between(text, marker.end, end);
  // A closed string with key material in it was a key of its own, cut off; else more lines may
  // follow.
  if (is_own_mask(body, rule)) return to_the_end;
  const auto rest = static_cast<size_t>(body.data() - text.data());
  if (is_masked(body) || !body_starts(text.substr(rest, end - rest)))
    return line_is_over(text, marker.end);
  spans.push_back(span_of(text, body, marker.rule));
  if (to_the_end && !record.ends_record) {
    spans.back().end = end;
    spans.back().open.how = Continuation::How::block;
  }
  return to_the_end;
}

/// Finds the end marker of each begin marker, asked for in rising order. A rule's ends are gone
/// through once.
class EndMarkers {
 public:
  explicit EndMarkers(const std::vector<BlockMarker>& markers) : markers_(markers) {}

  /// The number of the first end marker of `begin`'s rule behind it, at `from` or later;
  /// markers.size(): none.
  size_t first_after(const BlockMarker& begin, size_t from) {
    size_t& at = next_[begin.rule];
    at = std::max(at, from);
    while (at < markers_.size() && !(markers_[at].rule == begin.rule && !markers_[at].opens &&
                                     markers_[at].begin >= begin.end)) {
      ++at;
    }
    return at;
  }

 private:
  const std::vector<BlockMarker>& markers_;
  std::map<uint32_t, size_t> next_;
};

void start_block(std::string_view text, const BlockMarker& marker, OpenBlock& open) {
  open = OpenBlock{};
  open.active = true;
  open.rule = marker.rule;
  open.prefix = shape_of_prefix(text.substr(0, std::min(marker.begin, kPrefixBytes)));
}

/// A key whose value may stand on the next line, or in the rows of a table.
void await_value(std::string_view text, const BlockMarker& key, const std::vector<Rule>& rules,
                 OpenBlock& open) {
  if (key.delimiter != 0) return await_rows(text, key, open);
  const bool other = open.active && open.one_word;  // a rule with the same key
  if (!other || proves_more(rules[key.rule], rules[open.rule])) await_next_line(text, key, open);
}

/// Whether a marker begins something else. A key at the end of a line is no reason to give up a
/// block.
bool begins_another(const std::vector<BlockMarker>& markers, const std::vector<Rule>& rules,
                    const OpenBlock& open) {
  return std::any_of(markers.begin(), markers.end(), [&](const BlockMarker& marker) {
    return marker.opens && (open.one_word || rules[marker.rule].kind != RuleKind::value);
  });
}

/// The last line of the open block: what stands before its end marker.
void end_block(std::string_view head, const Rule& rule, OpenBlock& open, std::vector<Span>& spans) {
  const bool pairs = rule.body == BlockBody::pairs;
  if (!pairs && !mask_line(head, open, spans)) mask_stranger(head, open, spans);
  open.active = false;
}

/// The record as a part of the open block. Returns the number of the first marker that may open
/// another one.
size_t go_on_with_block(const RecordView& record, const std::vector<Rule>& rules,
                        const std::vector<BlockMarker>& markers, OpenBlock& open,
                        std::vector<Span>& spans) {
  for (size_t i = 0; i < markers.size(); ++i) {
    if (markers[i].opens || markers[i].rule != open.rule) continue;
    end_block(record.text.substr(0, markers[i].begin), rules[open.rule], open, spans);
    return i + 1;
  }
  if (begins_another(markers, rules, open)) {
    open.active = false;
    return 0;
  }
  const bool rows = !open.columns.empty();
  continue_block(record, rules[open.rule], open, spans);
  // What follows a table may be the header of another one.
  return rows && !open.active ? 0 : markers.size();
}

/// What the markers from number `next` on begin.
void begin_blocks(const RecordView& record, const std::vector<Rule>& rules,
                  const std::vector<BlockMarker>& markers, size_t next, OpenBlock& open,
                  std::vector<Span>& spans) {
  std::string_view text = record.text;
  EndMarkers ends(markers);
  for (; next < markers.size(); ++next) {
    const BlockMarker& marker = markers[next];
    if (!marker.opens) continue;
    const Rule& rule = rules[marker.rule];
    if (rule.kind == RuleKind::value) {
      await_value(text, marker, rules, open);
      continue;
    }
    const size_t last = ends.first_after(marker, next + 1);
    const bool ends_here = last < markers.size();
    if (rule.body == BlockBody::lines || rule.body == BlockBody::pairs) {
      const bool stands_last =
          spelt_line_break(text, marker.end) == 0 && line_is_over(text, marker.end);
      if (!ends_here && record.ends_record && stands_last) return start_block(text, marker, open);
      if (rule.body == BlockBody::pairs) {
        const size_t over = mask_spelt_pairs(text, marker, spans);
        while (next + 1 < markers.size() && markers[next + 1].begin < over) ++next;
      }
      continue;
    }
    if (!ends_here) {
      if (mask_tail(record, marker, rule, spans)) start_block(text, marker, open);
      return;
    }
    const std::string_view body = body_between(text, marker.end, markers[last].begin);
    if (!is_masked(body)) spans.push_back(span_of(text, body, marker.rule));
    next = last;
  }
}

}  // namespace

void resolve_blocks(const RecordView& record, const std::vector<Rule>& rules,
                    const std::vector<BlockMarker>& markers, OpenBlock& open,
                    std::vector<Span>& spans) {
  const size_t next = open.active ? go_on_with_block(record, rules, markers, open, spans) : 0;
  begin_blocks(record, rules, markers, next, open, spans);
}

void end_values_at_markers(std::string_view text, const std::vector<Rule>& rules,
                           const std::vector<BlockMarker>& markers, std::vector<Span>& spans) {
  for (Span& span : spans) {
    const RuleKind kind = rules[span.rule].kind;
    if (kind != RuleKind::value && kind != RuleKind::block) continue;
    auto marker =
        std::upper_bound(markers.begin(), markers.end(), span.end,
                         [](size_t end, const BlockMarker& one) { return end < one.end; });
    if (marker == markers.end() || rules[marker->rule].kind != RuleKind::block) continue;
    if (marker->begin < span.begin || marker->begin >= span.end) continue;
    // `235 2.7.0`, which ends what SMTP asks for, may begin with the last bytes of a secret.
    if (!text.substr(marker->begin).starts_with("--")) continue;
    const bool masked = is_masked(text.substr(span.begin, marker->begin - span.begin));
    span.end = masked ? span.begin : marker->begin;
  }
  std::erase_if(spans, [](const Span& span) { return span.begin == span.end; });
}

}  // namespace redactd
