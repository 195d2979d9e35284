#pragma once

// User expressions in RE2 syntax. RE2 runs only on records in which the matcher saw one of an expression's
// required literals (FilteredRE2 finds them), so its cost is paid on few records and stays linear.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// All `regex` rules of a rule set, compiled. Immutable and shared by threads after build().
class RegexRules {
 public:
  RegexRules();
  ~RegexRules();
  RegexRules(RegexRules&&) noexcept;
  RegexRules& operator=(RegexRules&&) noexcept;

  /// Adds one expression of rule number `rule`. Returns why it is refused; empty when it is taken.
  std::string add(const std::string& pattern, uint32_t rule);

  /// Ends the adding. Returns the literals to look for: the matcher's n-th literal is atom number n.
  std::vector<std::string> build();

  bool empty() const;
  /// Whether some expression has no literal, so that every record must be looked at.
  bool looks_at_every_record() const;

  /// Spans of all matches in the record, given the atoms seen in it (sorted, unique).
  void resolve(const RecordView& record, const std::vector<int>& atoms, std::vector<Span>& spans,
               const std::vector<Rule>& rules) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

/// Finds where the markers of `block` rules begin: the matcher only tells where they end. Immutable and shared by
/// threads once all rules are added.
class MarkerExpressions {
 public:
  MarkerExpressions();
  ~MarkerExpressions();
  MarkerExpressions(MarkerExpressions&&) noexcept;
  MarkerExpressions& operator=(MarkerExpressions&&) noexcept;

  /// Returns why the expression is refused; empty when it is taken.
  std::string add(const std::string& expression, uint32_t rule, bool opens);

  /// The first byte of the marker that ends before `end`.
  size_t begin_of(std::string_view text, size_t end, uint32_t rule, bool opens) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

/// Why RE2 refuses the expression; empty when it takes it.
std::string refuse_regex(const std::string& pattern);

}  // namespace redactd
