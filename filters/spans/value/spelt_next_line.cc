#include "filters/spans/value/spelt_next_line.h"

#include <algorithm>
#include <optional>

#include "filters/byte_class.h"
#include "filters/spans/block_span.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/next_line.h"

namespace redactd {
namespace {

constexpr size_t kLongestLine = 1024;

/// `\n`, `\r` and `\r\n`, with more backslashes where JSON stands in JSON; `#012` of syslog
/// daemons.
struct LineBreak {
  size_t begin = kNone;  // npos: there is none
  size_t end = 0;
  size_t backslashes = 0;  // 0: of syslog daemons
};

bool is_control(std::string_view text, size_t at) {
  return text.substr(at).starts_with("#012") || text.substr(at).starts_with("#015");
}

bool names_break(std::string_view text, size_t at) {
  return at < text.size() && (text[at] == 'n' || text[at] == 'r');
}

/// Of a run before the letter of a break, those that are the break's. The others stand for
/// backslashes, which are twice as many at each depth of JSON in JSON.
size_t backslashes_of_break(size_t run) { return run & (~run + 1); }

LineBreak break_at(std::string_view text, size_t at) {
  if (is_control(text, at)) return {at, at + 4 + (is_control(text, at + 4) ? 4 : 0), 0};
  const size_t letter = std::min(text.find_first_not_of('\\', at), text.size());
  if (letter == at || !names_break(text, letter)) return {};
  const size_t size = backslashes_of_break(letter - at) + 1;
  at = letter + 1 - size;
  std::string_view next = text.substr(letter + 1, size);
  const bool both = text[letter] == 'r' && next.ends_with('n') &&
                    next.substr(0, size - 1) == text.substr(at, size - 1);
  return {at, at + (both ? 2 * size : size), size - 1};
}

/// The break that ends the line of a key that ends at `key_end`, if it begins before `limit`.
LineBreak break_behind_key(std::string_view text, size_t key_end, size_t limit) {
  for (size_t at = key_end; at < limit; ++at) {
    if (text[at] != '\\' && text[at] != '#') continue;
    if (LineBreak found = break_at(text, at); found.begin != kNone) return found;
    at = std::max(at + 1, std::min(text.find_first_not_of('\\', at), text.size())) - 1;
  }
  return {};
}

size_t backslashes_before(std::string_view text, size_t at) {
  size_t run = 0;
  while (run < at && run < kMostBackslashes && text[at - 1 - run] == '\\') ++run;
  return run;
}

/// Whether the mark at `at` is that of the string in which breaks have so many backslashes.
bool is_mark_of_string(std::string_view text, size_t at, size_t backslashes) {
  return backslashes != 0 && text[at] == '"' &&
         backslashes_before(text, at) % (2 * backslashes) < backslashes;
}

/// Where the line begins that holds `at`.
size_t line_begin(std::string_view text, size_t at, size_t backslashes) {
  const size_t from = at - std::min(at, kLongestLine);
  for (; at > from; --at) {
    const bool behind_break =
        backslashes == 0
            ? at >= 4 && is_control(text, at - 4)
            : names_break(text, at - 1) &&
                  backslashes_of_break(backslashes_before(text, at - 1)) == backslashes;
    if (behind_break || is_mark_of_string(text, at - 1, backslashes)) return at;
  }
  return from;
}

/// The line that begins at `at`, and the break behind it, if it is not the string's last. Nothing
/// when its end is far or has not come.
std::optional<std::string_view> line_at(const RecordView& record, size_t at, size_t backslashes,
                                        LineBreak& behind) {
  std::string_view text = record.text;
  const size_t limit = std::min(text.size(), at + kLongestLine);
  behind = {};
  for (size_t end = at; end < limit; ++end) {
    if (is_mark_of_string(text, end, backslashes))
      return text.substr(at, end - backslashes_before(text, end) % backslashes - at);
    const bool may_break = backslashes == 0 ? text[end] == '#' : text[end] == '\\';
    if (!may_break) continue;
    behind = break_at(text, end);
    if (behind.begin != kNone && behind.backslashes == backslashes)
      return text.substr(at, behind.begin - at);
    behind = {};
    while (end + 1 < limit && text[end] == '\\' && text[end + 1] == '\\') ++end;
  }
  if (limit < text.size() || !record.ends_record) return std::nullopt;
  return text.substr(at);
}

bool is_masked(std::string_view line) {
  const size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const size_t size = mask_at(line, begin);
  return size != 0 && begin + size == line.size();
}

}  // namespace

bool resolve_spelt_next_line(const RecordView& record, const ValueRule& value, size_t anchor_end,
                             std::vector<Span>& spans) {
  std::string_view text = record.text;
  const size_t key_end = end_of_key(text, anchor_end);
  const size_t limit = std::min(text.size(), key_end + kLongestKeyTail);
  LineBreak at = break_behind_key(text, key_end, limit);
  if (at.begin == kNone || at.begin + 1 < anchor_end) return false;
  const size_t backslashes = at.backslashes;
  const size_t begin = line_begin(text, anchor_end - 1, backslashes);
  std::string_view line = text.substr(begin, at.begin - begin);
  std::optional<BlockMarker> key = key_before_its_line(line, value, anchor_end - begin);
  record.work += line.size();
  if (!key) return false;
  OpenBlock open;
  await_next_line(line, *key, open);
  const size_t before = spans.size();
  while (open.active && at.begin != kNone && spans.size() == before) {
    const size_t next = at.end;
    std::optional<std::string_view> words = line_at(record, next, backslashes, at);
    if (!words) break;
    record.work += words->size();
    if (is_masked(*words)) return true;
    take_next_line(RecordView{*words}, value.rule, open, spans);
    for (size_t i = before; i < spans.size(); ++i) {
      spans[i].begin += next;
      spans[i].end += next;
    }
  }
  return spans.size() > before;
}

}  // namespace redactd
