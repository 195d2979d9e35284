#include "filters/spans/regex_span.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "filters/byte_class.h"
#include "filters/give_back.h"
#include "filters/matcher/matcher.h"
#include "filters/spans/extent.h"
#include "filters/spans/regex_shape.h"
#include "filters/spans/regex_text.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr int kShortestAtom = 3;
constexpr size_t kMostGroups = 256;
constexpr size_t kLongestMarker = 256;

constexpr size_t kMuchText = size_t{1} << 16;

// Of an expression that is not steady a search may look at all that is left of the record before it
// is sure of a short match: `a(?:.*b)?`. A record with many of those is masked whole.
constexpr size_t kWorkPerByte = 6;
constexpr size_t kWorkPerRecord = 1 << 9;

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  // Bytes, not UTF-8: one invalid byte must not hide a secret.
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_max_mem(int64_t{64} << 20);
  return options;
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

/// The group named `secret`, else the only group, else the whole match.
int secret_group(const RE2& regex) {
  const auto& names = regex.NamedCapturingGroups();
  if (auto found = names.find("secret"); found != names.end()) return found->second;
  return regex.NumberOfCapturingGroups() == 1 ? 1 : 0;
}

/// Where the longest tail of the text begins that holds members alone.
size_t tail_begin(std::string_view text, const ByteClass& members) {
  size_t begin = text.size();
  while (begin > 0 && members.has(text[begin - 1])) --begin;
  return begin;
}

/// Each ASCII byte that is no member in either case, in lower case.
std::vector<std::string> words_without(const ByteClass& members) {
  std::vector<std::string> words;
  for (char byte = 1; byte > 0; ++byte) {
    const char upper = is_lower(byte) ? static_cast<char>(byte - 'a' + 'A') : byte;
    if (!is_upper(byte) && !members.has(byte) && !members.has(upper)) words.emplace_back(1, byte);
  }
  return words;
}

/// Of what matches at all; nothing when the matcher does not take the expression.
std::optional<ExpressionWidth> matched_width(const std::string& pattern) {
  try {
    ExpressionWidth width = expression_width(pattern);
    return width.min > 0 ? std::optional(width) : std::nullopt;
  } catch (const MatchError&) {
    return std::nullopt;
  }
}

/// An expression of a rule, and what is known of its matches.
struct SearchedExpression {
  std::unique_ptr<RE2> regex;
  uint32_t rule = 0;
  int group = 0;                                       // see secret_group()
  size_t widest = kNone;                               // of what it matches
  std::optional<RegexShape::SecretPlace> secret = {};  // the group's
  /// Whether each match in a record has a place of its own that the matcher tells, and begins at
  /// most `reach` bytes before it; `exact`: at just as many, and nowhere else.
  bool placed = false;
  bool exact = false;
  size_t reach = kNone;
  bool steady = false;   // searches look at the same bytes a few times at most
  ByteClass bytes = {};  // all that may stand in a match
};

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

/// A record between the line feeds that stand around it; of a window, only those that do.
class BetweenLineFeeds {
 public:
  BetweenLineFeeds(const RecordView& record, RegexScratch& scratch)
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

  /// Whether one of the words, which are in lower case, stands in it in any case. Of none: yes.
  bool holds_any_of(const std::vector<std::string>& words) {
    if (words.empty()) return true;
    if (lower_.empty()) {
      lower_.assign(text_);
      std::transform(lower_.begin(), lower_.end(), lower_.begin(), to_lower);
    }
    return std::any_of(words.begin(), words.end(), [this](const std::string& word) {
      return lower_.find(word) != SecretText::npos;
    });
  }

  /// Adds what the expression finds, with the secrets that `rule` takes. `seen`: what the matcher
  /// saw of it. False: beyond the record's budget.
  bool find(const SearchedExpression& expression, const Rule& rule, std::span<const RegexSeen> seen,
            std::vector<RegexMatch>& found) {
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
      if (!first && !expression.steady &&
          !may_cost(looked_at(expression, start->at, end, dead_end)))
        return false;
      first = false;
      // Groups are looked for in the match alone: RE2 is slow at that, and would do so at once in
      // all of the text.
      if (groups.last() > 0)
        expression.regex->Match(text, begin, end, RE2::ANCHOR_BOTH, groups.data(),
                                groups.last() + 1);
      const re2::StringPiece secret = secret_of(expression, rule, groups);
      // With a group's number the search goes on behind the match, as gitleaks does.
      from = std::max(rule.secret_group ? end : next_search(text, whole, secret), begin + 1);
      RegexMatch match;
      if (!clip(secret, match.secret) || !takes(rule, match.secret)) continue;
      if (!clip(whole, match.whole)) continue;
      std::string_view masked = rule.mask_match ? match.whole : match.secret;
      match.span.begin = static_cast<size_t>(masked.data() - record_.data());
      match.span.end = match.span.begin + masked.size();
      match.span.rule = expression.rule;
      found.push_back(match);
    }
    return true;
  }

 private:
  static int last_group_asked(const SearchedExpression& expression, const Rule& rule) {
    if (!rule.secret_group) return expression.secret ? 0 : expression.group;
    return *rule.secret_group == 0 ? expression.regex->NumberOfCapturingGroups()
                                   : static_cast<int>(*rule.secret_group);
  }

  static re2::StringPiece secret_of(const SearchedExpression& expression, const Rule& rule,
                                    Groups& groups) {
    if (rule.secret_group) return *taken_group(groups.data(), *rule.secret_group, groups.last());
    if (!expression.secret) return groups.data()[expression.group];
    re2::StringPiece secret = *groups.data();
    secret.remove_suffix(expression.secret->behind);
    secret.remove_prefix(expression.secret->before.value_or(
        tail_begin({secret.data(), secret.size()}, expression.secret->inside)));
    return secret;
  }

  /// The group with that number, of 0 the first that is not empty. An empty one says nothing of
  /// where the secret is, so the whole match is taken.
  static const re2::StringPiece* taken_group(const re2::StringPiece* groups, size_t wanted,
                                             int last) {
    int first = wanted == 0 ? 1 : static_cast<int>(wanted);
    for (int group = first; group <= last; ++group) {
      if (!groups[group].empty()) return &groups[group];
    }
    return &groups[0];
  }

  /// One blank between two secrets ends the first and begins the second: the search goes on behind
  /// the secret where little of the match is left, so that time stays linear.
  static size_t next_search(const re2::StringPiece& text, const re2::StringPiece& whole,
                            const re2::StringPiece& secret) {
    constexpr size_t kSeparator = 8;
    auto end = static_cast<size_t>(whole.data() - text.data()) + whole.size();
    if (secret.empty()) return end;
    auto secret_end = static_cast<size_t>(secret.data() - text.data()) + secret.size();
    return end - secret_end <= kSeparator ? secret_end : end;
  }

  /// What a search from `from` on has looked at, at most, to find a match that ends before `end`.
  /// `dead_end`: the last byte behind a match that was found to stand in none.
  size_t looked_at(const SearchedExpression& expression, size_t from, size_t end,
                   size_t& dead_end) const {
    if (dead_end < end) dead_end = run_end(text_, end, expression.bytes);
    const size_t most = std::min(dead_end + 1, text_.size()) - from;
    return expression.widest < most ? std::min(most, end - from + expression.widest) : most;
  }

  bool may_cost(size_t work) {
    work_ += work;
    return work_ <= kWorkPerRecord + kWorkPerByte * text_.size();
  }

  /// The part of the record that a part of the text is; false when it is none.
  bool clip(const re2::StringPiece& part, std::string_view& clipped) const {
    if (part.data() == nullptr) return false;
    auto at = static_cast<size_t>(part.data() - text_.data());
    size_t begin = std::max(at, before_) - before_;
    size_t end = std::min(std::max(at + part.size(), before_) - before_, record_.size());
    if (begin >= end) return false;
    clipped = record_.substr(begin, end - begin);
    return true;
  }

  static bool takes(const Rule& rule, std::string_view secret) {
    if (secret.size() < rule.min) return false;
    if (rule.above_entropy > 0 && entropy(secret) <= rule.above_entropy) return false;
    return !failed_validator(rule.validators, secret, false);
  }

  std::string_view record_;
  size_t before_;
  SecretText& text_;
  SecretText& lower_;
  size_t work_ = 0;  // of all searches but the first of each expression that is not steady
};

}  // namespace

struct RegexRules::Compiled {
  std::unique_ptr<re2::FilteredRE2> filter;
  std::vector<SearchedExpression> expressions;
  std::vector<std::string> patterns;  // of each expression, as written
  std::vector<size_t> filtered;       // FilteredRE2's id → index into expressions
  std::vector<size_t> unfiltered;     // looked at in every record
  Wanted wanted;
};

RegexRules::RegexRules() : compiled_(std::make_unique<Compiled>()) {}
RegexRules::~RegexRules() = default;
RegexRules::RegexRules(RegexRules&&) noexcept = default;
RegexRules& RegexRules::operator=(RegexRules&&) noexcept = default;

std::string refuse_regex(const std::string& pattern) { return regex_facts(pattern).refused; }

std::string refuse_search(const std::string& pattern) {
  RE2 regex(pattern, options());
  return regex.ok() ? std::string() : regex.error();
}

std::string refuse_search_unquoted(const std::string& pattern) {
  RE2 regex(pattern, options());
  if (regex.ok()) return {};
  const std::string& why = regex.error();
  const std::string quote = ": " + regex.error_arg();
  if (why.ends_with(quote)) return why.substr(0, why.size() - quote.size());
  return regex.error_arg().empty() ? why : "it is no expression";
}

bool finds_nothing_in_particular(const std::string& pattern) {
  return RE2::PartialMatch("", RE2(pattern, options()));
}

RegexFacts regex_facts(const std::string& pattern) {
  RE2 regex(record_expression(pattern), options());
  RegexFacts facts;
  if (!regex.ok()) {
    facts.refused = regex.error();
    return facts;
  }
  facts.groups = static_cast<size_t>(regex.NumberOfCapturingGroups());
  if (facts.groups >= kMostGroups) facts.refused = "it has more than 255 groups";
  if (RE2::FullMatch("", regex)) facts.refused = "it matches the empty string";
  return facts;
}

bool has_literal(const std::string& pattern) {
  re2::FilteredRE2 filter(kShortestAtom);
  int id = 0;
  if (filter.Add(record_expression(pattern), options(), &id) != RE2::NoError) return false;
  std::vector<std::string> literals;
  filter.Compile(&literals);
  std::vector<int> possible;
  filter.AllPotentials({}, &possible);
  return possible.empty();
}

bool implies_one_of(const std::string& pattern, const std::vector<std::string>& words) {
  re2::FilteredRE2 filter(1);
  int id = 0;
  if (!is_ascii(pattern) || filter.Add(record_expression(pattern), options(), &id) != RE2::NoError)
    return false;
  std::vector<std::string> literals;
  filter.Compile(&literals);
  // Whether it could match if only literals without any of the words stood in the text.
  std::vector<int> without;
  for (size_t i = 0; i < literals.size(); ++i) {
    bool holds = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return literals[i].find(word) != std::string::npos;
    });
    if (!holds) without.push_back(static_cast<int>(i));
  }
  std::vector<int> possible;
  filter.AllPotentials(without, &possible);
  return possible.empty();
}

std::string RegexRules::add(const std::string& pattern, uint32_t rule) {
  if (std::string why = refuse_regex(pattern); !why.empty()) return why;
  SearchedExpression expression;
  expression.regex = std::make_unique<RE2>(record_expression(pattern), options());
  expression.rule = rule;
  expression.group = secret_group(*expression.regex);
  compiled_->expressions.push_back(std::move(expression));
  compiled_->patterns.push_back(pattern);
  return {};
}

const RegexRules::Wanted& RegexRules::wanted() const { return compiled_->wanted; }

bool RegexRules::has_just(const std::vector<std::pair<std::string, uint32_t>>& patterns) const {
  return std::equal(patterns.begin(), patterns.end(), compiled_->patterns.begin(),
                    compiled_->patterns.end(),
                    [](const auto& a, const std::string& b) { return a.first == b; }) &&
         std::equal(patterns.begin(), patterns.end(), compiled_->expressions.begin(),
                    [](const auto& a, const SearchedExpression& b) { return a.second == b.rule; });
}

/// What the matcher looks for, if it takes the expression; notes what is known of the matches.
std::optional<std::string> RegexRules::scanned_expression(size_t index, RegexShapes& shapes) {
  const std::string& pattern = compiled_->patterns[index];
  SearchedExpression& expression = compiled_->expressions[index];
  const std::optional<RegexShape> shape = shapes.shape_of(pattern, expression.group);
  if (shape) {
    expression.secret = shape->secret;
    expression.bytes = shape->bytes;
    expression.steady = std::all_of(
        shape->doubtful.begin(), shape->doubtful.end(),
        [&](const ByteClass& bytes) { return implies_one_of(pattern, words_without(bytes)); });
  } else {
    expression.bytes.add_range(0, 255);
  }
  std::optional<std::string> whole = stream_expression(pattern);
  std::optional<ExpressionWidth> width;
  if (whole) width = matched_width(*whole);
  if (!width) return std::nullopt;
  expression.widest = width->max;
  if (!shape) return whole;
  std::optional<std::string> needed = stream_expression(shape->needed);
  if (needed) width = matched_width(*needed);
  // One byte that is needed may be the line feed before the record, and would be seen before it.
  if (!needed || !width || width->min < 2) return whole;
  // The matcher sees another line end than RE2 where that is CR and LF.
  expression.placed = !shape->meets_line_end;
  expression.reach = width->max;
  expression.exact = width->min == width->max;
  return needed;
}

const RegexRules::Wanted& RegexRules::build(const std::set<size_t>& refused) {
  Wanted& wanted = compiled_->wanted;
  wanted = {};
  compiled_->filter = std::make_unique<re2::FilteredRE2>(kShortestAtom);
  compiled_->filtered.clear();
  compiled_->unfiltered.clear();
  RegexShapes shapes;
  for (size_t index = 0; index < compiled_->patterns.size(); ++index) {
    const std::string& pattern = compiled_->patterns[index];
    std::optional<std::string> scanned = scanned_expression(index, shapes);
    if (scanned && refused.count(index) == 0) {
      wanted.expressions.emplace_back(index, *scanned);
      continue;
    }
    int id = 0;
    // FilteredRE2 folds case; folding non-ASCII bytes would change them, so such a pattern goes
    // unfiltered.
    if (is_ascii(pattern) &&
        compiled_->filter->Add(record_expression(pattern), options(), &id) == RE2::NoError) {
      compiled_->filtered.push_back(index);
    } else {
      compiled_->unfiltered.push_back(index);
    }
  }
  if (compiled_->filtered.empty()) return wanted;
  compiled_->filter->Compile(&wanted.literals);
  std::vector<int> without_literals;
  compiled_->filter->AllPotentials({}, &without_literals);
  for (int id : without_literals) {
    compiled_->unfiltered.push_back(compiled_->filtered[static_cast<size_t>(id)]);
  }
  return wanted;
}

bool RegexRules::empty() const { return compiled_->expressions.empty(); }

bool RegexRules::looks_at_every_record(const std::vector<bool>& muted) const {
  return std::any_of(compiled_->unfiltered.begin(), compiled_->unfiltered.end(),
                     [&](size_t index) { return !muted[compiled_->expressions[index].rule]; });
}

void RegexRules::choose(std::span<const RegexSeen> expressions, std::span<const RegexSeen> literals,
                        RegexScratch& scratch) const {
  std::vector<RegexScratch::Chosen>& chosen = scratch.chosen;
  chosen.clear();
  while (!expressions.empty()) {
    size_t count = 1;
    while (count < expressions.size() && expressions[count].number == expressions[0].number)
      ++count;
    chosen.push_back({expressions[0].number, expressions.first(count)});
    expressions = expressions.subspan(count);
  }
  if (compiled_->unfiltered.empty() && compiled_->filtered.empty()) return;
  for (size_t index : compiled_->unfiltered) chosen.push_back({index});
  scratch.literals.clear();
  for (const RegexSeen& literal : literals) {
    const int number = static_cast<int>(literal.number);
    if (scratch.literals.empty() || scratch.literals.back() != number)
      scratch.literals.push_back(number);
  }
  scratch.potentials.clear();
  if (!compiled_->filtered.empty() && !literals.empty())
    compiled_->filter->AllPotentials(scratch.literals, &scratch.potentials);
  for (int id : scratch.potentials)
    chosen.push_back({compiled_->filtered[static_cast<size_t>(id)]});
  std::sort(chosen.begin(), chosen.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  auto same = [](const auto& a, const auto& b) { return a.index == b.index; };
  chosen.erase(std::unique(chosen.begin(), chosen.end(), same), chosen.end());
}

bool RegexRules::resolve(const RecordView& record, std::span<const RegexSeen> expressions,
                         std::span<const RegexSeen> literals, RegexScratch& scratch,
                         std::vector<RegexMatch>& matches, const std::vector<Rule>& rules,
                         const std::vector<bool>& muted) const {
  choose(expressions, literals, scratch);
  if (scratch.chosen.empty()) return true;
  BetweenLineFeeds text(record, scratch);
  for (const RegexScratch::Chosen& chosen : scratch.chosen) {
    const SearchedExpression& expression = compiled_->expressions[chosen.index];
    const Rule& rule = rules[expression.rule];
    if (muted[expression.rule] || !text.holds_any_of(rule.keywords)) continue;
    if (!text.find(expression, rule, chosen.seen, matches)) return false;
  }
  return true;
}

void RegexScratch::forget_record() {
  if (text.capacity() > kMuchText) give_back(text);
  if (lower.capacity() > kMuchText) give_back(lower);
}

struct MarkerExpressions::Compiled {
  std::map<std::pair<uint32_t, bool>, std::unique_ptr<RE2>> expressions;
  std::map<uint32_t, std::unique_ptr<RE2>> anywhere;  // of begin markers
};

MarkerExpressions::MarkerExpressions() : compiled_(std::make_unique<Compiled>()) {}
MarkerExpressions::~MarkerExpressions() = default;
MarkerExpressions::MarkerExpressions(MarkerExpressions&&) noexcept = default;
MarkerExpressions& MarkerExpressions::operator=(MarkerExpressions&&) noexcept = default;

std::string MarkerExpressions::add(const std::string& expression, uint32_t rule, bool opens) {
  auto regex = std::make_unique<RE2>("(?:" + expression + ")\\z", options());
  if (!regex->ok()) return regex->error();
  compiled_->expressions[{rule, opens}] = std::move(regex);
  if (opens) compiled_->anywhere[rule] = std::make_unique<RE2>(expression, options());
  return {};
}

size_t MarkerExpressions::begin_of(std::string_view text, size_t end, uint32_t rule,
                                   bool opens) const {
  auto found = compiled_->expressions.find({rule, opens});
  if (found == compiled_->expressions.end()) return end;
  size_t from = end > kLongestMarker ? end - kLongestMarker : 0;
  re2::StringPiece head(text.data(), end);
  re2::StringPiece marker;
  if (!found->second->Match(head, from, end, RE2::UNANCHORED, &marker, 1)) return end;
  return static_cast<size_t>(marker.data() - text.data());
}

size_t MarkerExpressions::end_of_next(std::string_view text, size_t from, uint32_t rule) const {
  auto found = compiled_->anywhere.find(rule);
  if (found == compiled_->anywhere.end()) return kNone;
  re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece marker;
  if (!found->second->Match(whole, from, text.size(), RE2::UNANCHORED, &marker, 1)) return kNone;
  return static_cast<size_t>(marker.data() - text.data()) + marker.size();
}

}  // namespace redactd
