#include "filters/spans/regex_span.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "filters/matcher.h"
#include "filters/spans/extent.h"
#include "filters/validators.h"

namespace redactd {
namespace {

constexpr int kShortestAtom = 3;
constexpr int kMostGroups = 32;
constexpr size_t kLongestMarker = 256;

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

bool matcher_takes(const std::string& pattern) {
  try {
    return expression_width(pattern).min > 0;
  } catch (const MatchError&) {
    return false;
  }
}

}  // namespace

std::optional<std::string> matcher_pattern(const std::string& pattern) {
  // Bytes that are no ASCII fold case in RE2's Latin-1 but not in the matcher; \A and \z mean the
  // stream's ends there; \C, \Q and \p are spelt or read in another way.
  if (!is_ascii(pattern)) return std::nullopt;
  for (std::string_view foreign : {"\\A", "\\z", "\\C", "\\Q", "\\p", "\\P", "(?U"}) {
    if (pattern.find(foreign) != std::string::npos) return std::nullopt;
  }
  return "(?m:" + pattern + ")";
}

struct RegexRules::Compiled {
  struct Expression {
    std::unique_ptr<RE2> regex;
    uint32_t rule = 0;
    int group = 0;
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

std::string refuse_regex(const std::string& pattern) {
  RE2 regex(pattern, options());
  if (!regex.ok()) return regex.error();
  if (regex.NumberOfCapturingGroups() >= kMostGroups) return "it has more than 31 groups";
  if (RE2::FullMatch("", regex)) return "it matches the empty string";
  return {};
}

std::string RegexRules::add(const std::string& pattern, uint32_t rule) {
  if (std::string why = refuse_regex(pattern); !why.empty()) return why;
  Compiled::Expression expression;
  expression.regex = std::make_unique<RE2>(pattern, options());
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
    std::optional<std::string> scanned = matcher_pattern(pattern);
    if (scanned && refused.count(index) == 0 && matcher_takes(*scanned)) {
      wanted.expressions.emplace_back(index, *scanned);
      continue;
    }
    int id = 0;
    // FilteredRE2 folds case; folding non-ASCII bytes would change them, so such a pattern goes
    // unfiltered.
    if (is_ascii(pattern) && compiled_->filter->Add(pattern, options(), &id) == RE2::NoError) {
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

void RegexRules::resolve(const RecordView& record, const std::vector<int>& expressions,
                         const std::vector<int>& literals, std::vector<Span>& spans,
                         const std::vector<Rule>& rules, const std::vector<bool>& muted) const {
  std::vector<size_t> chosen = compiled_->unfiltered;
  for (int number : expressions) chosen.push_back(static_cast<size_t>(number));
  if (!compiled_->filtered.empty() && !literals.empty()) {
    std::vector<int> potentials;
    compiled_->filter->AllPotentials(literals, &potentials);
    for (int id : potentials) chosen.push_back(compiled_->filtered[static_cast<size_t>(id)]);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());

  re2::StringPiece text(record.text.data(), record.text.size());
  std::array<re2::StringPiece, kMostGroups> groups;
  for (size_t index : chosen) {
    const Compiled::Expression& expression = compiled_->expressions[index];
    if (muted[expression.rule]) continue;
    const Rule& rule = rules[expression.rule];
    size_t from = 0;
    while (from <= text.size() && expression.regex->Match(text, from, text.size(), RE2::UNANCHORED,
                                                          groups.data(), expression.group + 1)) {
      const re2::StringPiece& whole = groups[0];
      const re2::StringPiece& secret = groups[static_cast<size_t>(expression.group)];
      size_t whole_begin = static_cast<size_t>(whole.data() - text.data());
      from = std::max(whole_begin + whole.size(), whole_begin + 1);
      if (secret.data() == nullptr || secret.empty()) continue;
      std::string_view candidate(secret.data(), secret.size());
      if (candidate.size() < rule.min) continue;
      if (failed_validator(rule.validators, candidate, false)) continue;
      size_t begin = static_cast<size_t>(secret.data() - text.data());
      spans.push_back(Span{begin, begin + secret.size(), expression.rule, {}});
    }
  }
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
  auto regex = std::make_unique<RE2>("(" + expression + ")\\z", options());
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
  std::array<re2::StringPiece, 2> groups;
  if (!found->second->Match(head, from, end, RE2::UNANCHORED, groups.data(), 2)) return end;
  return static_cast<size_t>(groups[1].data() - text.data());
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
