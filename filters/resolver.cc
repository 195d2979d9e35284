#include "filters/resolver.h"

#include <algorithm>

#include "filters/give_back.h"
#include "filters/span_merge.h"
#include "filters/spans/covered_run.h"
#include "filters/spans/encoded_span.h"
#include "filters/spans/extent.h"
#include "filters/spans/token_span.h"
#include "filters/spans/userinfo_span.h"
#include "filters/spans/value/next_line.h"
#include "filters/spans/value/spelt_next_line.h"
#include "filters/spans/value/table_rows.h"
#include "filters/spans/value/value_span.h"

namespace redactd {
namespace {

// Work is counted in bytes looked at. Honest records stay far below the bound; a record built to
// make every anchor look at all of it is masked whole instead of costing time squared.
constexpr size_t kWorkPerByte = 16;
constexpr size_t kWorkPerRecord = 1 << 15;

/// Whether an anchor of this role has a verdict of its own: those of regexes and blocks depend on
/// the record, and what stands in encoded text may be another rule's.
bool decides(Anchor::Role role) {
  return role == Anchor::Role::token || role == Anchor::Role::value ||
         role == Anchor::Role::userinfo || role == Anchor::Role::known;
}

/// Whether a match of this role may end in the line end behind the record.
bool sees_line_end(Anchor::Role role) {
  return role == Anchor::Role::regex || role == Anchor::Role::regex_literal ||
         role == Anchor::Role::value;
}

std::span<const RegexSeen> of_group(const std::vector<RegexSeen>& seen, uint32_t group) {
  auto [first, last] =
      std::equal_range(seen.begin(), seen.end(), RegexSeen{group},
                       [](const RegexSeen& a, const RegexSeen& b) { return a.group < b.group; });
  return {first, last};
}

/// So that each header and each key tells what stands behind it.
void forget_other_keys(const RecordView& record) {
  record.pairs = {};
  record.opening = {};
}

size_t budget_of(const RecordView& record) {
  return kWorkPerRecord + kWorkPerByte * record.text.size();
}

}  // namespace

std::vector<Span>& Resolver::resolve(const RecordView& record,
                                     const std::vector<RecordMatch>& matches, OpenBlock& block,
                                     std::vector<Decision>* decisions) {
  forget_record();
  resolve_anchors(record, matches, decisions);
  const size_t by_anchor = found_.size();
  const bool any_regex =
      !seen_regexes_.empty() || !seen_literals_.empty() || rules_->looks_at_every_record();
  if (any_regex && !over_budget_)
    over_budget_ = !resolve_regexes(record, decisions) || record.work > budget_of(record);
  if (over_budget_) {
    found_.clear();
    return found_;
  }
  const size_t by_regex = found_.size();
  find_blocks(record, block);
  if (!record.ends_record && rules_->userinfo_rule())
    resolve_endless_userinfo(record, *rules_->userinfo_rule(), kOverlap, found_);
  drop_allowed(record, by_regex, decisions);
  for (size_t i = by_anchor; i < found_.size() && decisions != nullptr; ++i)
    decisions->push_back({found_[i].rule, found_[i].end, Verdict::masked});
  merge_spans(record.text, *rules_, found_);
  if (!markers_.empty()) end_values_at_markers(record.text, rules_->rules(), markers_, found_);
  return found_;
}

void Resolver::forget_record() {
  found_.clear();
  markers_.clear();
  seen_regexes_.clear();
  seen_literals_.clear();
  required_.clear();
  allowed_.clear();
  header_.forget();
  encoded_.forget();
  runs_.forget();
  over_budget_ = false;
}

void Resolver::resolve_anchors(const RecordView& record, const std::vector<RecordMatch>& matches,
                               std::vector<Decision>* decisions) {
  EarlierKeys earlier;
  const size_t budget = budget_of(record);
  for (const RecordMatch& match : matches) {
    const Anchor anchor = rules_->anchor(match.anchor);
    if (match.end > record.text.size() && !sees_line_end(anchor.role)) continue;
    const bool of_key = anchor.role == Anchor::Role::value && decisions == nullptr;
    if (of_key && earlier.settle(record, rules_->rules()[anchor.rule], anchor.rule, match.end))
      continue;
    if (anchor.role == Anchor::Role::encoded &&
        is_looked_at(record, static_cast<TextEncoding>(anchor.width), match.end))
      continue;
    if (decisions != nullptr) forget_other_keys(record);
    const size_t before = found_.size();
    record.key = {};
    Verdict verdict = resolve_anchor(record, anchor, match.end);
    if (found_.size() > before && drop_allowed(record, before)) verdict = Verdict::allowed;
    if (of_key) note_key(record, anchor, match.end, verdict, found_.size() - before, earlier);
    if (decisions != nullptr)
      note_decision(anchor, match.end, verdict, found_.size() > before, *decisions);
    over_budget_ = record.work > budget;
    if (over_budget_) return;
  }
}

/// What the key, which has found so many spans, tells of those behind it.
inline void Resolver::note_key(const RecordView& record, const Anchor& anchor, size_t end,
                               Verdict verdict, size_t spans, EarlierKeys& earlier) {
  earlier.note_nothing(record, rules_->rules()[anchor.rule], anchor.rule, end, verdict);
  if (spans == 0) return;
  const Span& value = found_.back();
  const Masker& masker = rules_->masker();
  if (masker.has_fixed_texts() && stands_in_fixed_mask(record.text, value, masker)) return;
  record.masked = {value.begin, value.end, value.rule, spans == 1 ? record.key : RecordView::Key{}};
  earlier.note_masked(record, value);
}

void Resolver::note_decision(const Anchor& anchor, size_t end, Verdict verdict, bool found,
                             std::vector<Decision>& decisions) const {
  // Another separator is another rule's with the same key, and no near miss.
  const bool other =
      verdict == Verdict::no_separator && rules_->rules()[anchor.rule].form == ValueForm::spaced;
  // The matcher looked for less than the rule's pattern.
  const bool missed = anchor.head != nullptr && verdict == Verdict::no_match;
  if (decides(anchor.role) && !other && !missed) decisions.push_back({anchor.rule, end, verdict});
  if (anchor.role == Anchor::Role::encoded && found)
    decisions.push_back({found_.back().rule, end, verdict});
}

inline Verdict Resolver::resolve_anchor(const RecordView& record, const Anchor& anchor,
                                        size_t end) {
  switch (anchor.role) {
    case Anchor::Role::token:
      return resolve_token(record, rules_->rules()[anchor.rule], anchor.rule,
                           {anchor.width, end, anchor.head}, &runs_, found_);
    case Anchor::Role::value: {
      const ValueRule& value = rules_->value_rule(anchor);
      if (!value.rule.required_text.empty() && !has_required_text(record, anchor.rule))
        return Verdict::required_text_missing;
      return resolve_key(record, value, end);
    }
    case Anchor::Role::userinfo:
      return resolve_userinfo(record, rules_->rules()[anchor.rule], anchor.rule, end, found_);
    case Anchor::Role::known:
      if (end < anchor.width) return Verdict::crosses_record;
      if (stands_in_own_mask(record.text, end - anchor.width, end)) return Verdict::inside_mask;
      found_.push_back(Span{end - anchor.width, end, anchor.rule, {}});
      return Verdict::masked;
    case Anchor::Role::encoded:
      return resolve_encoded(record, {rules_->rules(), rules_->cores(), rules_->markers()},
                             static_cast<TextEncoding>(anchor.width), end, encoded_, found_);
    case Anchor::Role::regex:
      seen_regexes_.push_back({anchor.rule, static_cast<uint32_t>(anchor.width), end});
      return Verdict::masked;
    case Anchor::Role::regex_literal:
      seen_literals_.push_back({anchor.rule, static_cast<uint32_t>(anchor.width), end});
      return Verdict::masked;
    case Anchor::Role::block_begin:
    case Anchor::Role::block_end:
      collect_marker(record, anchor, end);
      return Verdict::masked;
    case Anchor::Role::key_ending:
      break;  // no match has it
  }
  return Verdict::no_match;
}

/// The value on the next line of the string that the key ends a line of, or on the key's own line,
/// or else the next line that it may stand on.
inline Verdict Resolver::resolve_key(const RecordView& record, const ValueRule& value, size_t end) {
  if (value.rule.form == ValueForm::spaced) return resolve_spaced(record, value, end, found_);
  const bool of_key = end > 0 && !value.rule.keys.empty();
  if (of_key && tail_of_key(record, end_of_key(record.text, end)).may_spell_break &&
      resolve_spelt_next_line(record, value, end, found_))
    return Verdict::masked;
  if (is_masked_for_any_key(record, value, end)) return Verdict::masked;
  Verdict verdict = Verdict::no_value;
  if (end <= record.text.size()) verdict = resolve_value(record, value, end, found_);
  if (verdict != Verdict::masked) collect_last_key(record, value, end);
  return verdict;
}

void Resolver::collect_last_key(const RecordView& record, const ValueRule& value, size_t end) {
  if (!record.ends_record) return;
  std::optional<BlockMarker> key;
  if (ends_its_line(record.text, end)) key = key_before_its_line(record.text, value, end);
  if (!key && record.starts_record) key = key_in_header(record.text, value, end, header_);
  if (key) markers_.push_back(*key);
}

void Resolver::find_blocks(const RecordView& record, OpenBlock& block) {
  if (!block.active && markers_.empty()) return;
  std::sort(markers_.begin(), markers_.end(),
            [](const BlockMarker& a, const BlockMarker& b) { return a.end < b.end; });
  resolve_blocks(record, rules_->rules(), markers_, block, found_);
}

void Resolver::follow_blocks(const RecordView& record, const std::vector<RecordMatch>& matches,
                             OpenBlock& block) {
  found_.clear();
  markers_.clear();
  header_.forget();
  for (const RecordMatch& match : matches) {
    const Anchor anchor = rules_->anchor(match.anchor);
    const bool marker =
        anchor.role == Anchor::Role::block_begin || anchor.role == Anchor::Role::block_end;
    if (marker && match.end <= record.text.size()) collect_marker(record, anchor, match.end);
    if (anchor.role == Anchor::Role::value)
      collect_last_key(record, rules_->value_rule(anchor), match.end);
  }
  find_blocks(record, block);
}

bool Resolver::leaves(std::string_view words, const RecordMatch& match) const {
  const Anchor anchor = rules_->anchor(match.anchor);
  const bool behind = match.end > words.size();
  const Rule& rule = rules_->rules()[anchor.rule];
  switch (anchor.role) {
    case Anchor::Role::value:
      return behind || value_lies_behind(words, rules_->value_rule(anchor), match.end);
    case Anchor::Role::userinfo: {
      if (behind) return true;  // its URL has no blank in it
      std::vector<Span> found;
      resolve_userinfo({words, true, false}, rule, anchor.rule, match.end, found);
      return found.empty();
    }
    case Anchor::Role::token:
    case Anchor::Role::known:
      return match.end >= words.size() + anchor.width;
    case Anchor::Role::encoded:
    case Anchor::Role::block_begin:  // the marker itself stays
    case Anchor::Role::block_end:
      return behind;
    case Anchor::Role::regex:
    case Anchor::Role::regex_literal:
    case Anchor::Role::key_ending:
      return false;
  }
  return false;
}

/// Whether a mask that this program wrote has the bytes as part of its label: `DB_PASSWORD` in
/// `[REDACTED:known:DB_PASSWORD]`.
bool Resolver::stands_in_own_mask(std::string_view text, size_t begin, size_t end) const {
  size_t open = bracket_before(text, begin, 256);
  if (open == kNone) return false;
  size_t size = mask_at(text, open);
  return end < open + size && rules_->masker().writes(text.substr(open, size));
}

/// Drops what an allowance lets pass of the spans found from number `from` on, and tells
/// `decisions` of each. Returns whether there were some and none is left.
bool Resolver::drop_allowed(const RecordView& record, size_t from,
                            std::vector<Decision>* decisions) {
  auto allowed = [&](const Span& span) {
    if (rules_->rules()[span.rule].kind == RuleKind::known) return false;
    std::string_view secret = record.text.substr(span.begin, span.end - span.begin);
    if (!rules_->allowances().let_pass({span.rule, secret, secret}, record, allowed_)) return false;
    if (decisions != nullptr) decisions->push_back({span.rule, span.end, Verdict::allowed});
    return true;
  };
  if (rules_->allowances().empty() || from == found_.size()) return false;
  auto first = found_.begin() + static_cast<std::ptrdiff_t>(from);
  found_.erase(std::remove_if(first, found_.end(), allowed), found_.end());
  return found_.size() == from;
}

/// False: beyond the record's budget.
bool Resolver::resolve_regexes(const RecordView& record, std::vector<Decision>* decisions) {
  // Nearly always they are in order already.
  for (std::vector<RegexSeen>* seen : {&seen_regexes_, &seen_literals_}) {
    if (!std::is_sorted(seen->begin(), seen->end())) std::sort(seen->begin(), seen->end());
  }
  for (uint32_t group = 0; group < rules_->regexes().size(); ++group) {
    const RegexRules& regexes = *rules_->regexes()[group];
    if (regexes.empty()) continue;
    regex_matches_.clear();
    const bool within =
        regexes.resolve(record, of_group(seen_regexes_, group), of_group(seen_literals_, group),
                        regex_scratch_, regex_matches_, rules_->rules(), rules_->muted());
    regex_scratch_.forget_record();
    if (!within) return false;
    for (const RegexMatch& match : regex_matches_) {
      const Span& span = match.span;
      if (!rules_->allowances().let_pass({span.rule, match.secret, match.whole}, record,
                                         allowed_)) {
        found_.push_back(span);
      } else if (decisions != nullptr) {
        decisions->push_back({span.rule, span.end, Verdict::allowed});
      }
    }
  }
  return true;
}

bool Resolver::has_required_text(const RecordView& record, uint32_t rule) {
  for (const auto& [known, present] : required_) {
    if (known == rule) return present;
  }
  bool present = record.text.find(rules_->rules()[rule].required_text) != kNone;
  required_.emplace_back(rule, present);
  return present;
}

void Resolver::collect_marker(const RecordView& record, const Anchor& anchor, size_t end) {
  bool opens = anchor.role == Anchor::Role::block_begin;
  size_t begin = rules_->markers().begin_of(record.text, end, anchor.rule, opens);
  // One marker may end in several places (an optional tail): the last one counts.
  if (!markers_.empty() && markers_.back().begin == begin && markers_.back().opens == opens &&
      markers_.back().rule == anchor.rule) {
    markers_.back().end = end;
    return;
  }
  markers_.push_back({begin, end, anchor.rule, opens});
}

void Resolver::trim() {
  give_back(found_);
  give_back(markers_);
  give_back(seen_regexes_);
  give_back(seen_literals_);
  give_back(regex_matches_);
  give_back(regex_scratch_);
  give_back(required_);
  give_back(allowed_);
  encoded_.trim();
  runs_.trim();
}

}  // namespace redactd
