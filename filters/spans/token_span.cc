#include "filters/spans/token_span.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "filters/give_back.h"
#include "filters/spans/encoded_text.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/placeholder.h"
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
  if (tail.size() != head.tail_width) return false;
  size_t from = 0;
  return std::all_of(head.tail.begin(), head.tail.end(), [&](const LiteralHead::Part& part) {
    return part.members.has_all(tail.substr(std::exchange(from, from + part.width), part.width));
  });
}

/// Where the run of bytes ends that goes on from `from`.
size_t run_end_of(const RecordView& record, size_t from, const ByteClass& members,
                  TokenRuns::Run* run) {
  if (run != nullptr && run->from <= from && from < run->end) return run->end;
  const size_t end = run_end(record.text, from, members);
  record.work += end - from;
  if (run == nullptr) return end;
  run->from = from;
  run->end = end;
  run->refused = false;
  return end;
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

/// As the validators say, with what is known of others in the run.
std::optional<Verdict> refused(const RecordView& record, const std::vector<Validator>& validators,
                               std::string_view token, bool cut_off, TokenRuns::Run* run) {
  constexpr size_t kLong = 64;
  if (run == nullptr || token.size() < kLong) return failed_validator(validators, token, cut_off);
  // Most tokens are the only one in their run.
  OverlappingCandidates* const candidates = run->refused ? &run->candidates : nullptr;
  if (candidates != nullptr) {
    const auto begin = static_cast<size_t>(token.data() - record.text.data());
    candidates->move_to(record.text, begin, begin + token.size());
  }
  std::optional<Verdict> failed = failed_validator(validators, token, cut_off, candidates);
  record.work += candidates != nullptr ? candidates->work() : 0;
  if (failed && !run->refused) run->candidates = {};
  run->refused = failed.has_value();
  return failed;
}

}  // namespace

void TokenRuns::forget() {
  if (!any_) return;
  for (Run& run : runs_) run.end = 0;
  any_ = false;
}

void TokenRuns::trim() {
  give_back(runs_);
  any_ = false;
}

TokenRuns::Run& TokenRuns::of(uint32_t rule) {
  if (runs_.empty()) runs_.resize(kMost);
  Run& run = runs_[rule % kMost];
  if (run.rule != rule) run.end = 0;
  run.rule = rule;
  any_ = true;
  return run;
}

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

namespace {

Verdict resolve_one(const RecordView& record, const Rule& rule, uint32_t rule_number,
                    const TokenHit& hit, TokenRuns* runs, std::vector<Span>& spans) {
  std::string_view text = record.text;
  if (hit.end < hit.width) return Verdict::crosses_record;
  size_t begin = hit.end - hit.width;
  const size_t core_end = hit.end + (hit.head == nullptr ? 0 : hit.head->tail_width);
  // Every later anchor of the same rule in the same run is inside the first one's span.
  if (!spans.empty() && spans.back().rule == rule_number && spans.back().end >= core_end) {
    return Verdict::masked;
  }
  if (rule.boundary == Boundary::word && !hit.at_word && !word_starts(text, begin))
    return Verdict::inside_word;
  if (hit.head != nullptr && !tail_follows(text, hit.end, *hit.head)) return Verdict::no_match;
  size_t end = core_end;
  TokenRuns::Run* run = nullptr;
  if (rule.extend) {
    if (runs != nullptr) run = &runs->of(rule_number);
    const size_t plain_end = run_end_of(record, core_end, *rule.extend, run);
    end = token_end(text, plain_end, *rule.extend);
    record.work += end - plain_end;
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
  if ((!open || record.ends_record) && is_filled_token(token)) return Verdict::placeholder;
  if (std::optional<Verdict> failed = refused(record, rule.validators, token, cut_off, run))
    return *failed;
  Span span{begin, end, rule_number, {}};
  if (open && !record.ends_record && rule.extend) span.open.how = Continuation::How::run;
  spans.push_back(span);
  return Verdict::masked;
}

}  // namespace

Verdict resolve_token(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      const TokenHit& hit, TokenRuns* runs, std::vector<Span>& spans) {
  const Verdict first = resolve_one(record, rule, rule_number, hit, runs, spans);
  if (hit.head == nullptr || hit.end == 0 || first == Verdict::masked) return first;
  const char byte = record.text[hit.end - 1];
  TokenHit later = hit;
  for (size_t i = 0; i < hit.head->latest; ++i) {
    if (later.end >= record.text.size() || record.text[later.end++] != byte) break;
    if (resolve_one(record, rule, rule_number, later, runs, spans) == Verdict::masked)
      return Verdict::masked;
  }
  return first;
}

}  // namespace redactd
