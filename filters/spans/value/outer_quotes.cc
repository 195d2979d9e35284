#include "filters/spans/value/outer_quotes.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

/// A quote's mark at `at`, behind as many backslashes as it has.
bool is_mark(std::string_view text, size_t at, const Quote& quote) {
  if (text[at] != quote.mark || at < quote.backslashes) return false;
  const size_t first = at - quote.backslashes;
  if (first > 0 && text[first - 1] == '\\') return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(first),
                     text.begin() + static_cast<std::ptrdiff_t>(at),
                     [](char c) { return c == '\\'; });
}

/// How many of a quote's marks stand before `at`, not too far away.
size_t marks_before(const RecordView& record, size_t at, const Quote& quote) {
  const size_t from = at > kLookBack ? at - kLookBack : 0;
  RecordView::MarkMemo& seen = record.marks;
  const bool same = seen.mark == quote.mark && seen.backslashes == quote.backslashes;
  if (!same || from < seen.from || from > seen.until || at < seen.until)
    seen = {from, from, 0, quote.mark, quote.backslashes};
  record.work += at - seen.until + from - seen.from;
  for (; seen.until < at; ++seen.until) seen.count += is_mark(record.text, seen.until, quote);
  for (; seen.from < from; ++seen.from) seen.count -= is_mark(record.text, seen.from, quote);
  return seen.count;
}

/// `"…="+f(x)` and `"…="+e.password+"…"`, not a value that begins with a plus: `password='+Ab1x'`.
bool adds_to_string(std::string_view text, size_t plus, const Quote& quote) {
  constexpr size_t kFarthest = 64;
  static constexpr ByteClass kOfTerms = alnum_and("_.$()[]+ ");
  size_t end = plus + 1;
  const size_t limit = std::min(text.size(), plus + kFarthest);
  while (end < limit && kOfTerms.has(text[end])) ++end;
  return end == text.size() || text[end] != quote.mark || text[end - 1] == '+' ||
         text[end - 1] == ' ';
}

}  // namespace

bool closes_outer_string(const RecordView& record, size_t at, const Quote& quote) {
  std::string_view text = record.text;
  if (quote.spelling != 0 || quote.doubled) return false;
  size_t next = at + quote.size();
  if (next < text.size()) {
    char c = text[next];
    bool ambiguous = is_blank(c) || c == ',' || c == '}' || c == ']' || c == ')' || c == ':' ||
                     c == ';' || c == '\\' || c == '.' ||
                     (c == '+' && adds_to_string(text, next, quote));
    if (!ambiguous) return false;
  }
  // An odd number of the same quotes before it: a string is open, and this one closes it.
  return marks_before(record, at, quote) % 2 == 1;
}

}  // namespace redactd
