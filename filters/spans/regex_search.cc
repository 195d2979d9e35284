#include "filters/spans/regex_search.h"

#include <algorithm>
#include <array>

#include "filters/validators/validators.h"

namespace redactd {
namespace {

// Of an expression that is not steady a search may look at all that is left of the record before it
// is sure of a short match: `a(?:.*b)?`. A record with many of those is masked whole.
constexpr size_t kWorkPerByte = 6;
constexpr size_t kWorkPerRecord = 1 << 9;

/// Where searches for an expression have to begin, by what the matcher told.
class Starts {
 public:
  struct Start {
    size_t at = 0;
    RE2::Anchor anchor = RE2::UNANCHORED;
  };

  /// `before`: bytes of the text before the record.
  Starts(const SearchedExpression& expression, std::span<const RegexSeen> seen, size_t before)
      : seen_(expression.placed ? seen : std::span<const RegexSeen>()),
        any_(!seen_.empty()),
        exact_(expression.exact),
        reach_(expression.reach),
        before_(before) {}

  /// The first at `from` or later; nothing when there is no match left.
  std::optional<Start> next(size_t from) {
    if (!any_) return Start{from};
    while (!seen_.empty() && place() < from + (exact_ ? reach_ : 1)) seen_ = seen_.subspan(1);
    if (seen_.empty()) return std::nullopt;
    if (exact_) return Start{place() - reach_, RE2::ANCHOR_START};
    return Start{place() > reach_ ? std::max(from, place() - reach_) : from};
  }

  /// No match begins there, for more is asked for than the matcher looks for. From then on each
  /// search finds the next match, or time would be that of a square.
  void were_wrong() { exact_ = false; }

 private:
  size_t place() const { return seen_.front().end + before_; }

  std::span<const RegexSeen> seen_;
  bool any_;
  bool exact_;
  size_t reach_;
  size_t before_;
};

/// The groups of a match up to number `last`.
class Groups {
 public:
  explicit Groups(int last) : last_(last) {
    if (static_cast<size_t>(last) >= few_.size()) many_.resize(static_cast<size_t>(last) + 1);
  }
  re2::StringPiece* data() { return many_.empty() ? few_.data() : many_.data(); }
  int last() const { return last_; }

 private:
  int last_;
  std::array<re2::StringPiece, 4> few_;
  std::vector<re2::StringPiece> many_;
};

/// Where the longest tail of the text begins that holds members alone.
size_t tail_begin(std::string_view text, const ByteClass& members) {
  size_t begin = text.size();
  while (begin > 0 && members.has(text[begin - 1])) --begin;
  return begin;
}

int last_group_asked(const SearchedExpression& expression, const Rule& rule) {
  if (!rule.secret_group) return expression.secret ? 0 : expression.group;
  return *rule.secret_group == 0 ? expression.regex->NumberOfCapturingGroups()
                                 : static_cast<int>(*rule.secret_group);
}

/// The group with that number, of 0 the first that is not empty. An empty one says nothing of
/// where the secret is, so the whole match is taken.
const re2::StringPiece* taken_group(const re2::StringPiece* groups, size_t wanted, int last) {
  int first = wanted == 0 ? 1 : static_cast<int>(wanted);
  for (int group = first; group <= last; ++group) {
    if (!groups[group].empty()) return &groups[group];
  }
  return &groups[0];
}

re2::StringPiece secret_of(const SearchedExpression& expression, const Rule& rule, Groups& groups) {
  if (rule.secret_group) return *taken_group(groups.data(), *rule.secret_group, groups.last());
  if (!expression.secret) return groups.data()[expression.group];
  re2::StringPiece secret = *groups.data();
  secret.remove_suffix(expression.secret->behind);
  secret.remove_prefix(expression.secret->before.value_or(
      tail_begin({secret.data(), secret.size()}, expression.secret->inside)));
  return secret;
}

/// One blank between two secrets ends the first and begins the second: the search goes on behind
/// the secret where little of the match is left, so that time stays linear.
size_t next_search(const re2::StringPiece& text, const re2::StringPiece& whole,
                   const re2::StringPiece& secret) {
  constexpr size_t kSeparator = 8;
  auto end = static_cast<size_t>(whole.data() - text.data()) + whole.size();
  if (secret.empty()) return end;
  auto secret_end = static_cast<size_t>(secret.data() - text.data()) + secret.size();
  return end - secret_end <= kSeparator ? secret_end : end;
}

bool takes(const Rule& rule, std::string_view secret) {
  if (secret.size() < rule.min) return false;
  if (rule.above_entropy > 0 && entropy(secret) <= rule.above_entropy) return false;
  return !failed_validator(rule.validators, secret, false);
}

}  // namespace

SearchedRecord::SearchedRecord(const RecordView& record, RegexScratch& scratch)
    : record_(record.text),
      before_(record.starts_record ? 1 : 0),
      text_(scratch.text),
      lower_(scratch.lower) {
  text_.reserve(record_.size() + 2);
  text_.assign(before_, '\n');
  text_.append(record_);
  if (record.ends_record) text_ += '\n';
  lower_.clear();
}

bool SearchedRecord::holds_any_of(const std::vector<std::string>& words) {
  if (words.empty()) return true;
  if (lower_.empty()) {
    lower_.assign(text_);
    std::transform(lower_.begin(), lower_.end(), lower_.begin(), to_lower);
  }
  return std::any_of(words.begin(), words.end(), [this](const std::string& word) {
    return lower_.find(word) != SecretText::npos;
  });
}

bool SearchedRecord::find(const SearchedExpression& expression, const Rule& rule,
                          std::span<const RegexSeen> seen, std::vector<RegexMatch>& found) {
  const re2::StringPiece text(text_.data(), text_.size());
  Groups groups(last_group_asked(expression, rule));
  Starts starts(expression, seen, before_);
  size_t from = 0;
  size_t dead_end = 0;
  bool first = true;
  while (std::optional<Starts::Start> start = starts.next(from)) {
    if (start->at > text.size()) return true;
    re2::StringPiece& whole = *groups.data();
    if (!expression.regex->Match(text, start->at, text.size(), start->anchor, &whole, 1)) {
      if (start->anchor == RE2::UNANCHORED) return true;
      starts.were_wrong();
      from = start->at + 1;
      continue;
    }
    const size_t begin = static_cast<size_t>(whole.data() - text.data());
    const size_t end = begin + whole.size();
    if (!first && !expression.steady && !may_cost(looked_at(expression, start->at, end, dead_end)))
      return false;
    first = false;
    // Groups are looked for in the match alone: RE2 is slow at that, and would do so at once in
    // all of the text.
    if (groups.last() > 0)
      expression.regex->Match(text, begin, end, RE2::ANCHOR_BOTH, groups.data(), groups.last() + 1);
    const re2::StringPiece secret = secret_of(expression, rule, groups);
    // With a group's number the search goes on behind the match, as gitleaks does.
    from = std::max(rule.secret_group ? end : next_search(text, whole, secret), begin + 1);
    add(expression, rule, whole, secret, found);
  }
  return true;
}

/// If the rule takes the secret.
void SearchedRecord::add(const SearchedExpression& expression, const Rule& rule,
                         const re2::StringPiece& whole, const re2::StringPiece& secret,
                         std::vector<RegexMatch>& found) const {
  RegexMatch match;
  if (!clip(secret, match.secret) || !takes(rule, match.secret)) return;
  if (!clip(whole, match.whole)) return;
  std::string_view masked = rule.mask_match ? match.whole : match.secret;
  match.span.begin = static_cast<size_t>(masked.data() - record_.data());
  match.span.end = match.span.begin + masked.size();
  match.span.rule = expression.rule;
  found.push_back(match);
}

/// What a search from `from` on has looked at, at most, to find a match that ends before `end`.
/// `dead_end`: the last byte behind a match that was found to stand in none.
size_t SearchedRecord::looked_at(const SearchedExpression& expression, size_t from, size_t end,
                                 size_t& dead_end) const {
  if (dead_end < end) dead_end = run_end(text_, end, expression.bytes);
  const size_t most = std::min(dead_end + 1, text_.size()) - from;
  return expression.widest < most ? std::min(most, end - from + expression.widest) : most;
}

bool SearchedRecord::may_cost(size_t work) {
  work_ += work;
  return work_ <= kWorkPerRecord + kWorkPerByte * text_.size();
}

/// The part of the record that a part of the text is; false when it is none.
bool SearchedRecord::clip(const re2::StringPiece& part, std::string_view& clipped) const {
  if (part.data() == nullptr) return false;
  auto at = static_cast<size_t>(part.data() - text_.data());
  size_t begin = std::max(at, before_) - before_;
  size_t end = std::min(std::max(at + part.size(), before_) - before_, record_.size());
  if (begin >= end) return false;
  clipped = record_.substr(begin, end - begin);
  return true;
}

}  // namespace redactd
