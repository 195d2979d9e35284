#include "filters/spans/regex_span.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "filters/byte_class.h"
#include "filters/byte_options.h"
#include "filters/give_back.h"
#include "filters/matcher/matcher.h"
#include "filters/spans/regex_search.h"
#include "filters/spans/regex_shape.h"
#include "filters/spans/regex_text.h"

namespace redactd {
namespace {

constexpr int kShortestAtom = 3;
constexpr size_t kMostGroups = 256;
constexpr size_t kMuchText = size_t{1} << 16;

RE2::Options options() { return byte_options(kMemoryOfRule); }

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
  SearchedRecord text(record, scratch);
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

}  // namespace redactd
