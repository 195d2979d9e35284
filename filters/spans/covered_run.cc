#include "filters/spans/covered_run.h"

#include <algorithm>

#include "filters/spans/extent.h"
#include "filters/spans/value/next_line.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

/// Where it goes on behind the window, another value that began inside would go on as far.
bool goes_on_as_any(const Continuation& open) {
  constexpr BareContext kPlain = [] {
    BareContext context;
    context.single_quote_ends = false;  // no quotes are about
    return context;
  }();
  return open.how == Continuation::How::bare && open.bare == kPlain;
}

/// Whether what such a key announces could only stand behind it: not on the next line, whether that
/// is spelt out or the next record.
bool has_value_on_its_line(const RecordView& record, size_t anchor_end) {
  const std::string_view text = record.text;
  const size_t limit = std::min(text.size(), anchor_end - 1 + kLongestKeyTail);
  return !record.backslashes.stands_in(text, anchor_end - 1, limit) &&
         !record.number_signs.stands_in(text, anchor_end - 1, limit) &&
         !ends_its_line(text, anchor_end);
}

}  // namespace

void NamelessKey::note(const RecordView& record, uint32_t rule, size_t anchor_end) {
  constexpr size_t kLongest = 64;
  static constexpr ByteClass kOfKeys = alnum_and("_-.");
  static constexpr ByteClass kOfColours = ByteClass::of("[;");  // look back further
  const std::string_view text = record.text;
  const size_t least = anchor_end - std::min(anchor_end, kLongest);
  const size_t key_end = anchor_end - 1;  // on what separates it from its value
  size_t begin = key_end;
  while (begin > least && kOfKeys.has(text[begin - 1])) --begin;
  if (begin == key_end || begin < least + 2) return;
  if (text[--begin] == ' ') --begin;  // behind which a word may have the name
  if (kOfKeys.has(text[begin]) || kOfColours.has(text[begin])) return;
  rule_ = rule;
  key_ = text.substr(begin, anchor_end - begin);
}

bool NamelessKey::ends_text(const RecordView& record, const Rule& rule, size_t anchor_end) const {
  return rule.form == ValueForm::assign && record.text.substr(0, anchor_end).ends_with(key_) &&
         has_value_on_its_line(record, anchor_end);
}

bool CoveredRun::is_long(const Span& span) {
  constexpr size_t kLong = 64;
  return span.end - span.begin >= kLong;
}

void CoveredRun::note(const RecordView& record, const Span& span) {
  const bool to_the_end = span.end == record.text.size();
  if (to_the_end && record.ends_record) rest_ = std::min(rest_, span.begin);
  if (span.end <= end_) return;
  const bool ends = to_the_end ? record.ends_record || goes_on_as_any(span.open)
                               : is_blank(record.text[span.end]);
  if (!ends) return;
  end_ = span.end;
  begin_run(record.text, span.begin);
}

void CoveredRun::begin_run(std::string_view text, size_t least) {
  from_ = end_;
  while (from_ > least && kInBare.has(text[from_ - 1])) --from_;
}

void CoveredRun::note_plain(const RecordView& record, size_t anchor_end) {
  const RecordView::BareMemo& value = record.bare;
  if (anchor_end < value.from || anchor_end >= value.end || value.end <= end_) return;
  if (value.end < record.text.size() && !is_blank(record.text[value.end])) return;
  const bool random = record.digits_and_capitals.stands_in(record.text, anchor_end, value.end);
  record.work += record.digits_and_capitals.work();
  if (random) return;
  end_ = value.end;
  begin_run(record.text, anchor_end);
}

bool CoveredRun::covers_value_before(const RecordView& record, const Rule& rule,
                                     size_t anchor_end) const {
  constexpr size_t kLongestType = 24;  // `password: string = "…"`
  if (anchor_end < from_ + 2) return false;
  // Behind `key=` and `key:` the value begins at once, and is no other sign.
  const char mark = record.text[anchor_end - 1];
  const bool sign = mark == '=' || (mark == ':' && anchor_end + kLongestType < end_);
  if (!sign || !is_alnum(record.text[anchor_end])) return false;
  if (rule.form != ValueForm::assign || rule.keys.empty()) return false;
  return !record.ends_record || anchor_end + kLongestKeyTail < record.text.size();
}

/// What stands behind the key is masked, on spelt lines too, and another record is too far.
bool CoveredRun::covers_rest(const RecordView& record, const Rule& rule, size_t anchor_end) const {
  if (anchor_end <= rest_ || rule.form != ValueForm::assign || rule.keys.empty()) return false;
  const char mark = record.text[anchor_end - 1];
  return (mark == '=' || mark == ':') && anchor_end + kLongestKeyTail < record.text.size();
}

}  // namespace redactd
