#pragma once

// User expressions in RE2 syntax. The matcher sees the expression too and tells in which records it
// matches; only there does RE2 run, to find where. Where the matcher cannot take an expression, it
// looks for the literals that the expression needs (FilteredRE2 finds them). RE2's cost is thus
// paid on few records and stays linear. RE2 sees the record between the line feeds that stand
// around it: an expression that asks for a blank behind its secret finds it at the record's end
// too.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"
#include "filters/wiping_allocator.h"

namespace redactd {

/// A match of a regex rule's expression. The views are of the record's text.
struct RegexMatch {
  Span span;  // what is masked
  std::string_view secret;
  std::string_view whole;
};

class RegexShapes;

/// Where the matcher saw an expression, or a literal, end in the record.
struct RegexSeen {
  uint32_t group = 0;  // of rules
  uint32_t number = 0;
  size_t end = 0;

  friend auto operator<=>(const RegexSeen&, const RegexSeen&) = default;
};

/// Working memory, kept from one record to the next.
struct RegexScratch {
  SecretText text;
  SecretText lower;
  struct Chosen {
    size_t index = 0;
    std::span<const RegexSeen> seen = {};  // empty: the matcher does not know the expression
  };
  std::vector<Chosen> chosen;
  std::vector<int> literals;
  std::vector<int> potentials;

  /// What a long record has left behind is given back.
  void forget_record();
  void swap(RegexScratch& other) noexcept { std::swap(*this, other); }
};

/// The `regex` rules of one group, compiled. Immutable and shared by threads after build().
class RegexRules {
 public:
  RegexRules();
  ~RegexRules();
  RegexRules(RegexRules&&) noexcept;
  RegexRules& operator=(RegexRules&&) noexcept;

  /// Adds one expression of rule number `rule`. Returns why it is refused; empty when it is taken.
  std::string add(const std::string& pattern, uint32_t rule);

  /// What the matcher has to look for: for each expression that it can take, the expression (its
  /// number is the one that add() gave it, counting from 0); for the others, literals. `refused`
  /// are numbers of expressions that turned out to be too much for it. Ends the adding; may be
  /// called again.
  struct Wanted {
    std::vector<std::pair<size_t, std::string>> expressions;  // number and matcher's pattern
    std::vector<std::string> literals;                        // the n-th is literal number n
  };
  const Wanted& build(const std::set<size_t>& refused = {});
  /// What the last build() returned.
  const Wanted& wanted() const;
  /// Whether add() was called with just these patterns and rules.
  bool has_just(const std::vector<std::pair<std::string, uint32_t>>& patterns) const;

  bool empty() const;
  /// Whether some expression of a rule that is on can be left to neither, so that every record must
  /// be looked at. `muted`: by the rules' numbers.
  bool looks_at_every_record(const std::vector<bool>& muted) const;

  /// All matches in the record, given what the matcher saw in it (in order, of this group alone).
  /// Rules that are muted find nothing. False: the record's budget is used up, and matches are
  /// missing.
  bool resolve(const RecordView& record, std::span<const RegexSeen> expressions,
               std::span<const RegexSeen> literals, RegexScratch& scratch,
               std::vector<RegexMatch>& matches, const std::vector<Rule>& rules,
               const std::vector<bool>& muted) const;

 private:
  struct Compiled;
  std::optional<std::string> scanned_expression(size_t index, RegexShapes& shapes);
  void choose(std::span<const RegexSeen> expressions, std::span<const RegexSeen> literals,
              RegexScratch& scratch) const;
  std::unique_ptr<Compiled> compiled_;
};

/// Why RE2 refuses the expression; empty when it takes it.
std::string refuse_regex(const std::string& pattern);

/// The same for one that only says whether a text holds something.
std::string refuse_search(const std::string& pattern);
/// The same, where nothing of the pattern may be shown.
std::string refuse_search_unquoted(const std::string& pattern);
/// Whether it finds what it looks for in every text.
bool finds_nothing_in_particular(const std::string& pattern);

/// What an expression is, for those who check it.
struct RegexFacts {
  std::string refused;  // why; empty when it is taken
  size_t groups = 0;
};
RegexFacts regex_facts(const std::string& pattern);

/// Whether every match of the expression holds some literal of three bytes or more.
bool has_literal(const std::string& pattern);

/// Whether every match of the expression holds one of the words, which are in lower case, in any
/// case. An expression that is hard to see through counts as one that does not.
bool implies_one_of(const std::string& pattern, const std::vector<std::string>& words);

}  // namespace redactd
