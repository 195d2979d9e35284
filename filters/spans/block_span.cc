#include "filters/spans/block_span.h"

#include <algorithm>
#include <map>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/key_bytes.h"
#include "filters/spans/value/next_line.h"
#include "filters/spans/value/table_rows.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr size_t kStrangers = 16;  // in a row: the block is over
constexpr size_t kStrangerRun =
    24;  // key material in a line that is otherwise no part of the block
constexpr size_t kPrefixBytes = 1024;
constexpr size_t kShortLine = 16;

/// `\/`: JSON may escape the slashes of base64.
bool slash_after_backslashes(std::string_view text, size_t at) {
  size_t next = text.find_first_not_of('\\', at);
  return next != kNone && text[next] == '/';
}

/// A line break in its spelling (`\n`, in JSON in JSON `\\n`) at `at`: its length, else 0.
size_t spelt_line_break(std::string_view text, size_t at) {
  size_t letter = text.find_first_not_of('\\', at);
  bool found = letter != kNone && letter > at && (text[letter] == 'n' || text[letter] == 'r');
  return found ? letter + 1 - at : 0;
}

/// Where the line's content ends: before a closing quote or escape that belongs to what is around
/// it.
size_t content_end(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && text[end] != '"' && text[end] != '\'' && text[end] != '<') {
    if (text[end] == '\\' && !slash_after_backslashes(text, end)) break;
    if ((text[end] == '\x1b' || text[end] == '#') && skip_colour(text, end) != end) break;
    ++end;
  }
  while (end > from && is_blank(text[end - 1])) --end;
  return end;
}

/// `Proc-Type: 4,ENCRYPTED` and the like (RFC 1421 §4.6, RFC 4880 §6.2).
bool is_block_header(std::string_view content) {
  size_t colon = content.find(": ");
  if (colon == kNone || colon == 0 || colon > 24) return false;
  std::string_view name = content.substr(0, colon);
  static constexpr std::string_view kNames[] = {
      "Proc-Type", "DEK-Info",       "Version",  "Comment", "Hash",   "Charset",
      "MessageID", "Content-Domain", "Key-Info", "Subject", "Issuer", "Headers"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// A run of base64, `\/` included. A short one must not read as a word, or a key whose end never
/// comes would swallow the one-word lines after it.
bool is_key_material(std::string_view content) {
  if (content.empty()) return false;
  bool alphabet = std::all_of(content.begin(), content.end(),
                              [](char c) { return is_key_byte(c) || c == '\\'; });
  if (!alphabet || content.size() >= kShortLine) return alphabet;
  bool upper = std::all_of(content.begin(), content.end(), is_upper);
  bool word = std::all_of(content.begin() + 1, content.end(), is_lower) && is_letter(content[0]);
  return !upper && !word;
}

/// What follows a begin marker is key material, or a header before it, and not the rest of a
/// sentence.
bool body_starts(std::string_view text) {
  if (is_block_header(text)) return true;
  size_t run = 0;
  while (run < text.size() &&
         (is_key_byte(text[run]) || (text[run] == '\\' && slash_after_backslashes(text, run))))
    ++run;
  return run >= kShortLine || (run > 0 && run == text.size() && is_key_material(text));
}

/// A line of the block: adds its span, if it has content. False: the line is no part of the block.
bool mask_line(std::string_view text, const OpenBlock& open, std::vector<Span>& spans) {
  size_t first = skip_colour(text, 0);
  while (first < text.size() && is_blank(text[first])) ++first;
  size_t starts[] = {first, matching_prefix(text, open.prefix)};
  for (size_t begin : starts) {
    size_t end = content_end(text, begin);
    std::string_view content = text.substr(begin, end - begin);
    if (content.empty()) {
      if (begin == text.size() || begin == starts[1])
        return true;  // a blank line between headers and body
      continue;
    }
    if (mask_at(content, 0) == content.size()) return true;
    if (!is_key_material(content) && !is_block_header(content)) continue;
    spans.push_back(Span{begin, end, open.rule, {}});
    return true;
  }
  return false;
}

/// Key material behind a prefix that is not the begin marker's: only long runs are taken.
bool mask_stranger(std::string_view text, const OpenBlock& open, std::vector<Span>& spans) {
  bool found = false;
  size_t at = 0;
  while (at < text.size()) {
    if (!is_key_byte(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && is_key_byte(text[end])) ++end;
    size_t slashes =
        static_cast<size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                       text.begin() + static_cast<std::ptrdiff_t>(end), '/'));
    if (end - at >= kStrangerRun && slashes * 8 <= end - at) {
      spans.push_back(Span{at, end, open.rule, {}});
      found = true;
    }
    at = end;
  }
  return found;
}

/// `name: value` of a Secret's data: the value is base64 (RFC 4648 §4, padded), and not a word that
/// happens to be.
bool mask_pair(std::string_view text, const OpenBlock& open, std::vector<Span>& spans) {
  std::string_view prefix = without_trailing_blanks(open.prefix);
  size_t begin = matching_prefix(text, prefix);
  size_t name = begin;
  while (name < text.size() && (text[name] == ' ' || text[name] == '\t')) ++name;
  size_t indent = open.prefix.size() - prefix.size();
  if (name - begin <= indent || name == text.size())
    return false;  // not deeper than the marker: the map is over
  size_t colon = text.find(": ", name);
  if (colon == kNone && text.back() == ':') return true;
  size_t value = colon == kNone ? name : colon + 2;  // without a name: the line of a block scalar
  Quote quote = quote_at(text, value);
  if (!quote.none()) value += quote.size();
  size_t end = quote.none() ? text.size() : quoted_end(text, value, quote);
  while (end > value && is_blank(text[end - 1])) --end;
  std::string_view secret = text.substr(value, end - value);
  bool encoded = secret.size() >= 4 && secret.size() % 4 == 0 && is_base64(secret);
  bool word = std::all_of(secret.begin(), secret.end(), is_lower) ||
              std::all_of(secret.begin(), secret.end(), is_digit);
  if (encoded && !word) spans.push_back(Span{value, end, open.rule, {}});
  return true;
}

/// The same within a string that holds the whole document with its line breaks spelt out. Returns
/// where the map ends.
size_t mask_spelt_pairs(std::string_view text, const BlockMarker& marker,
                        std::vector<Span>& spans) {
  OpenBlock open;
  open.rule = marker.rule;
  size_t before = marker.begin;
  while (before > 0 && text[before - 1] == ' ') --before;
  open.prefix = text.substr(before, marker.begin - before);
  size_t at = marker.end;
  while (size_t line_break = spelt_line_break(text, at)) {
    at += line_break;
    size_t end = std::min(text.find_first_of("\\\"", at), text.size());
    size_t found = spans.size();
    if (!mask_pair(text.substr(at, end - at), open, spans)) return at;
    for (size_t i = found; i < spans.size(); ++i) {
      spans[i].begin += at;
      spans[i].end += at;
    }
    at = end;
  }
  return at;
}

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

/// A block within the record: what follows the begin marker up to the end marker.
void mask_between(std::string_view text, size_t begin, size_t end, uint32_t rule,
                  std::vector<Span>& spans) {
  // Blanks and line breaks next to the markers stay, so that a masked block reads like one.
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
  if (begin >= end || mask_at(text, begin) == end - begin) return;
  spans.push_back(Span{begin, end, rule, {}});
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

/// What follows a begin marker whose end is not in the record. Returns whether the block goes on
/// after it.
bool mask_tail(const RecordView& record, size_t begin, uint32_t rule, std::vector<Span>& spans) {
  std::string_view text = record.text;
  size_t end = begin;
  // Key material with its line breaks, blanks and headers, up to the quote that closes a string
  // around it.
  while (end < text.size() && text[end] != '"' && text[end] != '\'' && text[end] != '<') {
    if (text[end] == '\\' && end + 1 < text.size() && text[end + 1] == '"') break;
    ++end;
  }
  size_t before = spans.size();
  mask_between(text, begin, end, rule, spans);
  if (spans.size() > before &&
      !body_starts(text.substr(spans.back().begin, end - spans.back().begin))) {
    spans.pop_back();
  }
  bool has_body = spans.size() > before;
  if (has_body && end == text.size() && !record.ends_record) {
    spans.back().end = end;
    spans.back().open.how = Continuation::How::block;
  }
  if (!has_body) return line_is_over(text, begin);
  // A closed string with key material in it was a key of its own, cut off; else more lines may
  // follow.
  return end == text.size();
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

}  // namespace

size_t matching_prefix(std::string_view text, std::string_view prefix) {
  size_t t = skip_colour(text, 0);
  size_t p = 0;
  while (p < prefix.size()) {
    if (t >= text.size()) return 0;
    if (is_alnum(prefix[p])) {
      if (!is_alnum(text[t])) return 0;
      ++p;
      while (t < text.size() && is_alnum(text[t])) ++t;
    } else if (prefix[p] == ' ' || prefix[p] == '\t') {
      if (text[t] != ' ' && text[t] != '\t') return 0;
      while (p < prefix.size() && (prefix[p] == ' ' || prefix[p] == '\t')) ++p;
      while (t < text.size() && (text[t] == ' ' || text[t] == '\t')) ++t;
    } else {
      if (text[t] != prefix[p]) return 0;
      ++t;
      ++p;
    }
    t = skip_colour(text, t);
  }
  return t;
}

std::string shape_of_prefix(std::string_view text) {
  static constexpr ByteClass kOfWords = alnum_and("");
  std::string shape;
  size_t i = skip_colour(text, 0);
  while (i < text.size()) {
    if (kOfWords.has(text[i])) {
      shape += 'a';
      i = run_end(text, i, kOfWords);
    } else {
      shape += text[i++];
    }
    i = skip_colour(text, i);
  }
  return shape;
}

std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

void resolve_blocks(const RecordView& record, const std::vector<Rule>& rules,
                    const std::vector<BlockMarker>& markers, OpenBlock& open,
                    std::vector<Span>& spans) {
  std::string_view text = record.text;
  size_t next = 0;
  if (open.active) {
    const BlockMarker* end = nullptr;
    for (; next < markers.size() && end == nullptr; ++next) {
      if (!markers[next].opens && markers[next].rule == open.rule) end = &markers[next];
    }
    if (end == nullptr) {
      next = 0;
      // A key at the end of a line is no reason to give up a block.
      bool restarts = std::any_of(markers.begin(), markers.end(), [&](const BlockMarker& marker) {
        return marker.opens && (open.one_word || rules[marker.rule].kind != RuleKind::value);
      });
      if (!restarts) {
        const bool rows = !open.columns.empty();
        continue_block(record, rules[open.rule], open, spans);
        if (open.active || !rows) return;
      }
      open.active = false;  // what follows a table may be the header of another one
    } else {
      std::string_view head = text.substr(0, end->begin);
      bool pairs = rules[open.rule].body == BlockBody::pairs;
      if (!pairs && !mask_line(head, open, spans)) mask_stranger(head, open, spans);
      open.active = false;
    }
  }
  EndMarkers ends(markers);
  for (; next < markers.size(); ++next) {
    const BlockMarker& marker = markers[next];
    if (!marker.opens) continue;
    if (marker.delimiter != 0) {
      await_rows(text, marker, open);
      continue;
    }
    if (rules[marker.rule].kind == RuleKind::value) {
      const bool other = open.active && open.one_word;  // a rule with the same key
      if (!other || proves_more(rules[marker.rule], rules[open.rule]))
        await_next_line(text, marker, open);
      continue;
    }
    const size_t last = ends.first_after(marker, next + 1);
    const BlockMarker* end = last < markers.size() ? &markers[last] : nullptr;
    if (rules[marker.rule].body == BlockBody::lines ||
        rules[marker.rule].body == BlockBody::pairs) {
      if (end == nullptr && record.ends_record && spelt_line_break(text, marker.end) == 0 &&
          line_is_over(text, marker.end)) {
        start_block(text, marker, open);
        return;
      }
      if (rules[marker.rule].body == BlockBody::pairs) {
        size_t over = mask_spelt_pairs(text, marker, spans);
        while (next + 1 < markers.size() && markers[next + 1].begin < over) ++next;
      }
      continue;
    }
    if (end != nullptr) {
      mask_between(text, marker.end, end->begin, marker.rule, spans);
      next = last;
      continue;
    }
    if (mask_tail(record, marker.end, marker.rule, spans)) {
      start_block(text, marker, open);
    }
    return;
  }
}

}  // namespace redactd
