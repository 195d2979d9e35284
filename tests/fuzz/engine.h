#pragma once

// What the fuzz targets share: rules of every kind, and the engine as one function.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/rules/builtin_pack.h"
#include "filters/redactor.h"
#include "tests/fuzz/require.h"

namespace redactd::fuzz {

/// The built-in rules, with a known value and two expressions so that every kind is there.
inline const std::shared_ptr<const RuleSet>& rules() {
  static const std::shared_ptr<const RuleSet> all = [] {
    RuleGroup builtin;
    builtin.rules = builtin_rules();
    builtin.embedded = builtin_databases();
    RuleGroup own;
    Rule known;
    known.id = "known";
    known.kind = RuleKind::known;
    known.values = {"a-known-value", "an\"other\\value/x"};
    Rule regex;
    regex.id = "regex";
    regex.kind = RuleKind::regex;
    regex.patterns = {"pin=([0-9]+)", "(?i)code (?P<secret>[a-z]+)"};
    own.rules = {known, regex};
    std::vector<RuleGroup> groups;
    groups.push_back(std::move(builtin));
    groups.push_back(std::move(own));
    std::vector<RuleError> errors;
    std::shared_ptr<const RuleSet> set = RuleSet::compile(std::move(groups), {}, errors);
    if (!set) std::abort();
    return set;
  }();
  return all;
}

/// `masked` (may be null) gets all that was masked, one after the other.
inline std::string redact(std::string_view text, const std::vector<size_t>& cuts, Limits limits,
                          std::string* masked = nullptr) {
  static MatchScratch scratch;
  Redactor redactor(rules(), scratch, limits);
  std::string out;
  size_t from = 0;
  auto note = [&] {
    for (const Finding& finding : redactor.findings())
      if (masked != nullptr) *masked += text.substr(finding.begin, finding.size);
  };
  auto read = [&](size_t to) {
    if (to <= from) return;
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(from),
              text.begin() + static_cast<std::ptrdiff_t>(to), redactor.prepare(to - from).begin());
    out += redactor.commit(to - from);
    note();
    from = to;
  };
  for (size_t cut : cuts) read(std::min(cut, text.size()));
  read(text.size());
  out += redactor.finish();
  note();
  return out;
}

}  // namespace redactd::fuzz
