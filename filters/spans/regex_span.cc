#include "filters/spans/regex_span.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "filters/byte_class.h"
#include "filters/matcher/matcher.h"
#include "filters/spans/extent.h"
#include "filters/spans/regex_text.h"
#include "filters/validators/validators.h"
#include "filters/wiping_allocator.h"

namespace redactd {
namespace {

constexpr int kShortestAtom = 3;
constexpr size_t kMostGroups = 256;
constexpr size_t kLongestMarker = 256;

// A search may look at all that is left of the record before it is sure of a short match:
// `a(?:.*b)?`. A record of more than 64 KiB that has thousands of those is masked whole.
constexpr size_t kWorkPerByte = 1024;
constexpr size_t kWorkPerRecord = size_t{1} << 28;

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

/// Of what matches at all; nothing when the matcher does not take the expression.
std::optional<ExpressionWidth> matched_width(const std::string& pattern) {
  try {
    ExpressionWidth width = expression_width(pattern);
    return width.min > 0 ? std::optional(width) : std::nullopt;
  } catch (const MatchError&) {
    return std::nullopt;
  }
}

/// A record between the line feeds that stand around it; of a window, only those that do.
class BetweenLineFeeds {
 public:
  explicit BetweenLineFeeds(const RecordView& record)
      : record_(record.text), before_(record.starts_record ? 1 : 0) {
    text_.reserve(record_.size() + 2);
    text_.append(before_, '\n');
    text_.append(record_);
    if (record.ends_record) text_ += '\n';
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

  /// Adds what the expression finds, with the secrets that `rule` takes. `group`: see
  /// secret_group(); no match is wider than `widest`. False: beyond the record's budget.
  bool find(const RE2& regex, const Rule& rule, int group, size_t widest,
            std::vector<RegexMatch>& found) {
    std::array<re2::StringPiece, kMostGroups> groups;
    re2::StringPiece text(text_.data(), text_.size());
    int last_group = group;
    if (rule.secret_group) {
      last_group = *rule.secret_group == 0 ? regex.NumberOfCapturingGroups()
                                           : static_cast<int>(*rule.secret_group);
    }
    size_t from = 0;
    while (from <= text.size() &&
           regex.Match(text, from, text.size(), RE2::UNANCHORED, groups.data(), last_group + 1)) {
      const re2::StringPiece& whole = groups[0];
      size_t begin = static_cast<size_t>(whole.data() - text.data());
      if (from > 0 && !may_cost(looked_at(from, begin + whole.size(), widest))) return false;
      RegexMatch match;
      const re2::StringPiece* secret =
          rule.secret_group ? taken_group(groups.data(), *rule.secret_group, last_group)
                            : &groups[static_cast<size_t>(group)];
      from = std::max(rule.secret_group ? begin + whole.size()  // as gitleaks does
                                        : next_search(text, whole, *secret),
                      begin + 1);
      if (!clip(*secret, match.secret) || !takes(rule, match.secret)) continue;
      if (!clip(whole, match.whole)) continue;
      std::string_view masked = rule.mask_match ? match.whole : match.secret;
      match.span.begin = static_cast<size_t>(masked.data() - record_.data());
      match.span.end = match.span.begin + masked.size();
      found.push_back(match);
    }
    return true;
  }

 private:
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
  size_t looked_at(size_t from, size_t end, size_t widest) const {
    const size_t left = text_.size() - from;
    return widest < left ? std::min(left, end - from + widest) : left;
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
  SecretText text_;
  SecretText lower_;
  size_t work_ = 0;  // of all searches but the first of each expression
};

}  // namespace

struct RegexRules::Compiled {
  struct Expression {
    std::unique_ptr<RE2> regex;
    uint32_t rule = 0;
    int group = 0;
    size_t widest = std::string::npos;  // of what it matches
  };
  std::unique_ptr<re2::FilteredRE2> filter;
  std::vector<Expression> expressions;
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
  Compiled::Expression expression;
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
         std::equal(
             patterns.begin(), patterns.end(), compiled_->expressions.begin(),
             [](const auto& a, const Compiled::Expression& b) { return a.second == b.rule; });
}

const RegexRules::Wanted& RegexRules::build(const std::set<size_t>& refused) {
  Wanted& wanted = compiled_->wanted;
  wanted = {};
  compiled_->filter = std::make_unique<re2::FilteredRE2>(kShortestAtom);
  compiled_->filtered.clear();
  compiled_->unfiltered.clear();
  for (size_t index = 0; index < compiled_->patterns.size(); ++index) {
    const std::string& pattern = compiled_->patterns[index];
    std::optional<std::string> scanned = stream_expression(pattern);
    std::optional<ExpressionWidth> width;
    if (scanned) width = matched_width(*scanned);
    if (width) compiled_->expressions[index].widest = width->max;
    if (width && refused.count(index) == 0) {
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

std::vector<size_t> RegexRules::chosen(const std::vector<int>& expressions,
                                       const std::vector<int>& literals) const {
  std::vector<size_t> chosen = compiled_->unfiltered;
  for (int number : expressions) chosen.push_back(static_cast<size_t>(number));
  if (!compiled_->filtered.empty() && !literals.empty()) {
    std::vector<int> potentials;
    compiled_->filter->AllPotentials(literals, &potentials);
    for (int id : potentials) chosen.push_back(compiled_->filtered[static_cast<size_t>(id)]);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

bool RegexRules::resolve(const RecordView& record, const std::vector<int>& expressions,
                         const std::vector<int>& literals, std::vector<RegexMatch>& matches,
                         const std::vector<Rule>& rules, const std::vector<bool>& muted) const {
  BetweenLineFeeds text(record);
  for (size_t index : chosen(expressions, literals)) {
    const Compiled::Expression& expression = compiled_->expressions[index];
    const Rule& rule = rules[expression.rule];
    if (muted[expression.rule] || !text.holds_any_of(rule.keywords)) continue;
    const size_t before = matches.size();
    if (!text.find(*expression.regex, rule, expression.group, expression.widest, matches))
      return false;
    for (size_t i = before; i < matches.size(); ++i) matches[i].span.rule = expression.rule;
  }
  return true;
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
