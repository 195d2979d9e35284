#include "filters/span_merge.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

/// The more a kind knows of its secret, the better its name for a merged span.
int rank(RuleKind kind) {
  switch (kind) {
    case RuleKind::known:
      return 0;
    case RuleKind::block:
      return 1;
    case RuleKind::token:
      return 2;
    case RuleKind::userinfo:
      return 3;
    case RuleKind::regex:
      return 4;
    case RuleKind::value:
      return 5;
  }
  return 6;
}

/// Whether an odd number of backslashes stands before the byte at `at`, none of them before `from`.
bool is_escaped(std::string_view text, size_t at, size_t from = 0) {
  size_t run = 0;
  while (at - run > from && text[at - 1 - run] == '\\') ++run;
  return run % 2 == 1;
}

/// A span may not begin or end inside an escape sequence, or the text around it would no longer
/// parse.
void snap_to_escapes(std::string_view text, Span& span) {
  if (is_escaped(text, span.begin)) --span.begin;
  for (size_t back = 1; back <= 4 && back < span.begin; ++back) {
    const size_t escape = span.begin - back - 1;
    if (text[escape] == '\\' && text[escape + 1] == 'u') {
      if (!is_escaped(text, escape)) span.begin = escape;
      break;
    }
    if (!is_hex(text[span.begin - back])) break;
  }
  if (span.end < text.size() && is_escaped(text, span.end, span.begin) &&
      std::string_view("\"\\/bfnrtu").find(text[span.end]) != kNone)
    ++span.end;
}

}  // namespace

bool stands_in_fixed_mask(std::string_view text, const Span& span, const Masker& masker) {
  std::string_view mask = masker.fixed_text(span.rule);
  size_t size = span.end - span.begin;
  if (mask.empty() || size > mask.size()) return false;
  size_t from = span.begin - std::min(span.begin, mask.size() - size);
  for (size_t at = from; at <= span.begin; ++at) {
    if (text.substr(at, mask.size()) == mask) return true;
  }
  return false;
}

void merge_spans(std::string_view text, const RuleSet& rules, std::vector<Span>& found) {
  for (Span& span : found) snap_to_escapes(text, span);
  auto before = [&rules](const Span& a, const Span& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.end != b.end) return a.end > b.end;
    int rank_a = rank(rules.rules()[a.rule].kind);
    int rank_b = rank(rules.rules()[b.rule].kind);
    return rank_a != rank_b ? rank_a < rank_b : a.rule < b.rule;
  };
  // Nearly always they are in order already.
  if (!std::is_sorted(found.begin(), found.end(), before))
    std::sort(found.begin(), found.end(), before);
  const bool fixed_masks = rules.masker().has_fixed_texts();
  size_t merged = 0;  // those before it are
  for (const Span& span : found) {
    if (span.begin >= span.end) continue;
    if (fixed_masks && stands_in_fixed_mask(text, span, rules.masker())) continue;
    if (merged == 0 || span.begin >= found[merged - 1].end) {
      found[merged++] = span;
      continue;
    }
    Span& last = found[merged - 1];
    if (span.end > last.end || (span.end == last.end && span.open.how != Continuation::How::none)) {
      last.end = span.end;
      last.open = span.open;
    }
    if (rank(rules.rules()[span.rule].kind) < rank(rules.rules()[last.rule].kind)) {
      last.rule = span.rule;
      last.name = span.name;
    }
  }
  found.resize(merged);
}

}  // namespace redactd
