#pragma once

// Where a `regex` rule's expression matches in a record, by RE2. Used by RegexRules alone.

#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/byte_class.h"
#include "filters/rule.h"
#include "filters/spans/extent.h"
#include "filters/spans/regex_shape.h"
#include "filters/spans/regex_span.h"
#include "filters/spans/span.h"
#include "filters/wiping_allocator.h"

namespace redactd {

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

/// A record between the line feeds that stand around it; of a window, only those that do. The
/// record and the scratch outlive it.
class SearchedRecord {
 public:
  SearchedRecord(const RecordView& record, RegexScratch& scratch);

  /// Whether one of the words, which are in lower case, stands in it in any case. Of none: yes.
  bool holds_any_of(const std::vector<std::string>& words);

  /// Adds what the expression finds, with the secrets that `rule` takes. `seen`: what the matcher
  /// saw of it. False: beyond the record's budget.
  bool find(const SearchedExpression& expression, const Rule& rule, std::span<const RegexSeen> seen,
            std::vector<RegexMatch>& found);

 private:
  void add(const SearchedExpression& expression, const Rule& rule, const re2::StringPiece& whole,
           const re2::StringPiece& secret, std::vector<RegexMatch>& found) const;
  size_t looked_at(const SearchedExpression& expression, size_t from, size_t end,
                   size_t& dead_end) const;
  bool may_cost(size_t work);
  bool clip(const re2::StringPiece& part, std::string_view& clipped) const;

  std::string_view record_;
  size_t before_;  // bytes of the text before the record
  SecretText& text_;
  SecretText& lower_;
  size_t work_ = 0;  // of all searches but the first of each expression that is not steady
};

}  // namespace redactd
