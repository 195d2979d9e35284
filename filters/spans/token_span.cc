#include "filters/spans/token_span.h"

#include <algorithm>
#include <optional>

#include "filters/spans/encoded_text.h"
#include "filters/spans/extent.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// A dot that ends a sentence is no part of the token before it.
size_t without_trailing_dots(std::string_view text, size_t core_end, size_t end) {
  while (end > core_end && text[end - 1] == '.') --end;
  return end;
}

/// `ghp_1a2b...`, `…`, `\u2026`: the program showed the beginning of it.
bool is_shortened(std::string_view rest) {
  return rest.starts_with("...") || rest.starts_with("\u2026") || rest.starts_with("\\u2026");
}

bool tail_follows(std::string_view text, size_t at, const LiteralHead& head) {
  const std::string_view tail = text.substr(at, head.tail_width);
  return tail.size() == head.tail_width && head.tail.has_all(tail);
}

/// Where the run of bytes ends that goes on from `from`.
size_t run_end_of(const RecordView& record, size_t from, const ByteClass& members) {
  RecordView::RunMemo& memo = record.run;
  const bool known = memo.members == &members && memo.from <= from && from < memo.end;
  if (known) return memo.end;
  memo = {&members, from, run_end(record.text, from, members)};
  record.work += memo.end - from;
  return memo.end;
}

/// Whether the rule asks for what looks random and this does not, as many tokens in one run may:
/// `sk-sk-sk-`.
bool is_plain(const RecordView& record, const Rule& rule, size_t begin, size_t end) {
  if (!asks_for_randomness(rule.validators)) return false;
  const bool plain = !record.digits_and_capitals.stands_in(record.text, begin,
                                                           std::min(end, begin + kMostValidated));
  record.work += record.digits_and_capitals.work();
  return plain;
}

}  // namespace

size_t token_end(std::string_view text, size_t from, const ByteClass& members) {
  size_t at = from;
  while (true) {
    at = run_end(text, at, members);
    if (at >= text.size() || (text[at] != '\\' && text[at] != '%')) return at;
    if (members.has('/') && text[at] == '\\') {  // JSON may escape a slash, JSON in JSON more so
      size_t slash = text.find_first_not_of('\\', at);
      if (slash != kNone && text[slash] == '/' && slash - at < 16) {
        at = slash + 1;
        continue;
      }
    }
    char byte = 0;
    size_t escape = escape_at(text, at, byte);
    if (escape == 0 || !members.has(byte)) return at;
    at += escape;
  }
}

Verdict resolve_token(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      const TokenHit& hit, std::vector<Span>& spans) {
  std::string_view text = record.text;
  if (hit.end < hit.width) return Verdict::crosses_record;
  size_t begin = hit.end - hit.width;
  const size_t core_end = hit.end + (hit.head == nullptr ? 0 : hit.head->tail_width);
  // Every later anchor of the same rule in the same run is inside the first one's span.
  if (!spans.empty() && spans.back().rule == rule_number && spans.back().end >= core_end) {
    return Verdict::masked;
  }
  if (rule.boundary == Boundary::word && !word_starts(text, begin)) return Verdict::inside_word;
  if (hit.head != nullptr && !tail_follows(text, hit.end, *hit.head)) return Verdict::no_match;
  size_t end = core_end;
  if (rule.extend) {
    const size_t run = run_end_of(record, core_end, *rule.extend);
    end = token_end(text, run, *rule.extend);
    record.work += end - run;
  } else if (rule.boundary == Boundary::word && end < text.size() && is_alnum(text[end])) {
    return Verdict::inside_word;
  }
  const bool open = end == text.size();
  end = without_trailing_dots(text, core_end, end);
  const bool cut_off = open || is_shortened(text.substr(end));
  size_t length = end - begin;
  if (length < rule.min && !cut_off) return Verdict::too_short;
  if (rule.max != 0 && length > rule.max) return Verdict::too_long;
  if (is_plain(record, rule, begin, end)) return Verdict::not_scrambled;
  std::string_view token = text.substr(begin, length);
  if (std::optional<Verdict> failed = failed_validator(rule.validators, token, cut_off))
    return *failed;
  Span span{begin, end, rule_number, {}};
  if (open && !record.ends_record && rule.extend) span.open.how = Continuation::How::run;
  spans.push_back(span);
  return Verdict::masked;
}

}  // namespace redactd
