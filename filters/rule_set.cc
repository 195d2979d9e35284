#include "filters/rule_set.h"

#include <algorithm>
#include <set>

#include "filters/known.h"
#include "filters/spans/key.h"

namespace redactd {
namespace {

constexpr size_t kWidestToken = 512;
constexpr size_t kShortestCutOff =
    4;  // bytes of a known value's beginning that count at the end of a stream

/// The end of the bracket expression that begins at `at`.
size_t class_end(std::string_view pattern, size_t at) {
  size_t i = at + 2;  // `[^`, whose first member may be `]`
  if (i < pattern.size() && pattern[i] == ']') ++i;
  while (i < pattern.size() && pattern[i] != ']') i += pattern[i] == '\\' ? 2 : 1;
  return std::min(i, pattern.size());
}

/// A pattern must match within one record: why this one might not. Empty: it does.
std::string refuse_line_feed(const std::string& pattern) {
  std::string rest = pattern;
  for (size_t at = rest.find("[^"); at != std::string::npos; at = rest.find("[^")) {
    size_t end = class_end(rest, at);
    if (rest.substr(at, end - at).find("\\n") == std::string::npos) {
      return "holds a negated class that does not name \\n, so it can match across records; write "
             "[^…\\r\\n]";
    }
    rest.erase(at, end - at + 1);
  }
  for (std::string_view bad : {"\\s", "\\S", "\\n", "\\W", "\\D", "\\v", "\\R", "(?s"}) {
    if (rest.find(bad) != std::string::npos) {
      return "holds " + std::string(bad) +
             ", which can match across records; write the bytes that are meant, such as [ \\t]";
    }
  }
  return {};
}

}  // namespace

/// Turns groups of rules into anchors, expressions and databases, one database a group.
struct RuleSet::Builder {
  RuleSet& set;
  std::vector<RuleError>& errors;
  std::vector<std::string> fields = {};  // the key that each expression came from
  size_t first = 0;                      // of the group at hand, in set.expressions_
  size_t first_regex = 0;                // of its regexes, which stand last
  std::set<size_t> refused_regexes =
      {};  // too large for the matcher: it looks for their literals instead

  void add_group(RuleGroup& group) {
    first = set.expressions_.size();
    refused_regexes.clear();
    auto first_rule = static_cast<uint32_t>(set.rules_.size());
    bool all_muted = true;
    for (size_t i = 0; i < group.rules.size(); ++i) {
      bool muted = i < group.muted.size() && group.muted[i];
      all_muted = all_muted && muted;
      set.muted_.push_back(muted);
      set.any_muted_ = set.any_muted_ || muted;
      set.rules_.push_back(std::move(group.rules[i]));
    }
    set.regexes_.emplace_back();
    if (all_muted) return;
    size_t errors_before = errors.size();
    for (uint32_t rule = first_rule; rule < set.rules_.size(); ++rule)
      add_rule(rule, set.rules_[rule]);
    add_regexes();
    if (errors.size() != errors_before) {
      check_expressions();
    } else if (!use_embedded(group.embedded)) {
      check_expressions();
      build_database();
    }
  }

  /// What tells on which records RE2 has to run.
  void add_regexes() {
    first_regex = set.expressions_.size();
    RegexRules& regexes = set.regexes_.back();
    RegexRules::Wanted wanted = regexes.build(refused_regexes);
    auto group = static_cast<uint32_t>(set.regexes_.size() - 1);
    for (auto& [number, pattern] : wanted.expressions) {
      add_expression(group, Anchor::Role::regex, "pattern", std::move(pattern), number);
    }
    for (size_t number = 0; number < wanted.literals.size(); ++number) {
      add_expression(group, Anchor::Role::regex_literal, "pattern",
                     "(?i)" + escape_expression(wanted.literals[number]), number);
    }
    set.looks_at_every_record_ = set.looks_at_every_record_ || regexes.looks_at_every_record();
  }

  void add_expression(uint32_t rule, Anchor::Role role, std::string field, std::string pattern,
                      size_t width = 0) {
    bool of_rule = role != Anchor::Role::regex && role != Anchor::Role::regex_literal;
    bool muted = of_rule && set.muted_[rule];
    set.expressions_.push_back({std::move(pattern)});
    set.anchors_.push_back({role, muted, rule, width});
    fields.push_back(std::move(field));
  }

  void add_rule(uint32_t number, const Rule& rule) {
    switch (rule.kind) {
      case RuleKind::token:
        for (size_t i = 0; i < rule.patterns.size(); ++i) {
          add_expression(number, Anchor::Role::token, pattern_field(rule, i),
                         rule.prefix + "(?:" + rule.patterns[i] + ")");
        }
        break;
      case RuleKind::value:
        if (!rule.keys.empty()) {
          add_expression(number, Anchor::Role::value, "keys", key_expression(rule));
        }
        for (size_t i = 0; i < rule.patterns.size(); ++i) {
          add_expression(number, Anchor::Role::value, pattern_field(rule, i), rule.patterns[i]);
        }
        break;
      case RuleKind::userinfo:
        if (!set.userinfo_rule_ && !set.muted_[number]) set.userinfo_rule_ = number;
        for (size_t i = 0; i < rule.patterns.size(); ++i) {
          add_expression(number, Anchor::Role::userinfo, pattern_field(rule, i), rule.patterns[i]);
        }
        break;
      case RuleKind::block:
        add_marker(number, Anchor::Role::block_begin, "begin", rule.begin);
        add_marker(number, Anchor::Role::block_end, "end", rule.end);
        break;
      case RuleKind::known:
        if (!set.muted_[number]) {
          for (const std::string& value : rule.values) add_known(number, value);
        }
        break;
      case RuleKind::regex:
        if (set.muted_[number]) break;
        for (size_t i = 0; i < rule.patterns.size(); ++i) {
          std::string why = set.regexes_.back().add(rule.patterns[i], number);
          if (!why.empty()) fail(number, pattern_field(rule, i), "RE2 refuses it: " + why);
        }
        break;
    }
  }

  void add_marker(uint32_t number, Anchor::Role role, const char* field,
                  const std::string& expression) {
    add_expression(number, role, field, expression);
    std::string why = set.markers_.add(expression, number, role == Anchor::Role::block_begin);
    if (!why.empty()) fail(number, field, "RE2 refuses it: " + why);
  }

  void fail(uint32_t rule, std::string field, std::string message) {
    errors.push_back({rule, std::move(field), std::move(message)});
  }

  static std::string pattern_field(const Rule& rule, size_t index) {
    return rule.patterns.size() == 1 ? "pattern" : "pattern[" + std::to_string(index) + "]";
  }

  void add_known(uint32_t rule, const std::string& value) {
    for (const std::string& line : known_lines(value)) {
      if (line.size() < kShortestKnown) {
        fail(rule, "values",
             "has a value (or a line of one) shorter than " + std::to_string(kShortestKnown) +
                 " bytes, which would mask ordinary text; leave it out");
        continue;
      }
      for (std::string& spelling : spellings_of(line)) {
        set.known_.push_back({std::move(spelling), rule});
      }
    }
  }

  /// Checks every expression of the group on its own, so that all errors are found, and learns the
  /// tokens' widths.
  void check_expressions() {
    size_t pattern = 0;
    for (size_t i = first; i < set.expressions_.size(); ++i) {
      Anchor& anchor = set.anchors_[i];
      pattern = i > first && set.anchors_[i - 1].rule == anchor.rule ? pattern + 1 : 0;
      try {
        check_width(i, anchor, pattern);
      } catch (const MatchError& error) {
        fail(anchor.rule, fields[i], std::string("Hyperscan refuses it: ") + error.what());
      }
    }
  }

  void check_width(size_t i, Anchor& anchor, size_t pattern) {
    if (anchor.role == Anchor::Role::regex || anchor.role == Anchor::Role::regex_literal) return;
    const Rule& rule = set.rules_[anchor.rule];
    ExpressionWidth width = expression_width(set.expressions_[i].pattern);
    if (width.min == 0) {
      fail(anchor.rule, fields[i], "matches the empty string");
      return;
    }
    bool written_by_hand =
        anchor.role == Anchor::Role::token || anchor.role == Anchor::Role::block_begin ||
        anchor.role == Anchor::Role::block_end || anchor.role == Anchor::Role::userinfo ||
        (anchor.role == Anchor::Role::value && fields[i] != "keys");
    if (written_by_hand) {
      if (std::string why = refuse_line_feed(set.expressions_[i].pattern); !why.empty()) {
        fail(anchor.rule, fields[i], why);
        return;
      }
    }
    if (anchor.role != Anchor::Role::token) return;
    // The prefix may vary in width, the core may not.
    if (!rule.prefix.empty()) width = expression_width(rule.patterns[pattern]);
    if (width.min != width.max) {
      fail(anchor.rule, fields[i],
           "matches between " + std::to_string(width.min) + " and " +
               (width.max > kWidestToken ? std::string("any number of")
                                         : std::to_string(width.max)) +
               " bytes; a token's pattern needs one fixed width (no *, +, ?, {2,5}): keep the "
               "prefix and "
               "its first characters, let `extend` take the rest, or list several patterns");
    } else if (width.max > kWidestToken) {
      fail(anchor.rule, fields[i], "is wider than " + std::to_string(kWidestToken) + " bytes");
    }
    anchor.width = width.min;
  }

  std::vector<Expression> group_expressions() const {
    return {set.expressions_.begin() + static_cast<std::ptrdiff_t>(first), set.expressions_.end()};
  }

  bool use_embedded(const std::vector<EmbeddedDatabase>& candidates) {
    if (candidates.empty()) return false;
    uint64_t wanted = fingerprint(group_expressions());
    size_t count = set.expressions_.size() - first;
    for (const EmbeddedDatabase& candidate : candidates) {
      if (candidate.fingerprint != wanted || candidate.target != best_match_target() ||
          candidate.widths.size() != count) {
        continue;
      }
      try {
        set.databases_.push_back(MatchDatabase::load_embedded(candidate.bytes));
      } catch (const MatchError&) {
        continue;  // another version of libhs than at build time: compile
      }
      set.first_anchor_.push_back(static_cast<uint32_t>(first));
      for (size_t i = 0; i < count; ++i) set.anchors_[first + i].width = candidate.widths[i];
      return true;
    }
    return false;
  }

  void build_database() {
    if (!errors.empty() || set.expressions_.size() == first) return;
    try {
      set.databases_.push_back(MatchDatabase::compile(group_expressions()));
      set.first_anchor_.push_back(static_cast<uint32_t>(first));
    } catch (const MatchError& error) {
      if (error.expression() < 0) throw;
      size_t index = first + static_cast<size_t>(error.expression());
      if (set.anchors_[index].role == Anchor::Role::regex) {
        refused_regexes.insert(set.anchors_[index].width);
        set.expressions_.resize(first_regex);
        set.anchors_.resize(first_regex);
        fields.resize(first_regex);
        add_regexes();
        return build_database();
      }
      fail(set.anchors_[index].rule, fields[index],
           std::string("Hyperscan refuses it: ") + error.what());
    }
  }

  /// Known values have a database of their own: thousands of literals compile fast there and slow
  /// nothing else.
  void add_known_values() {
    first = set.expressions_.size();
    for (const KnownSpelling& spelling : set.known_) {
      add_expression(spelling.rule, Anchor::Role::known, "values", escape_expression(spelling.text),
                     spelling.text.size());
    }
    build_database();
  }
};

std::shared_ptr<const RuleSet> RuleSet::compile(std::vector<RuleGroup> groups,
                                                const MaskSettings& masks,
                                                std::vector<RuleError>& errors) {
  std::shared_ptr<RuleSet> set(new RuleSet());
  Builder builder{*set, errors};
  for (RuleGroup& group : groups) builder.add_group(group);
  builder.add_known_values();
  if (!errors.empty()) return nullptr;
  set->masker_.emplace(set->rules_, masks.standard, masks.key);
  return set;
}

uint64_t RuleSet::fingerprint(const std::vector<Expression>& expressions) {
  // FNV-1a: names a build's own expressions, guards against nothing.
  uint64_t hash = 14695981039346656037u;
  for (const Expression& expression : expressions) {
    for (char c : expression.pattern + '\n') {
      hash ^= static_cast<unsigned char>(c);
      hash *= 1099511628211u;
    }
  }
  return hash;
}

size_t RuleSet::cut_off_known(std::string_view text, uint32_t& rule) const {
  size_t longest = 0;
  for (const KnownSpelling& spelling : known_) {
    size_t most = std::min(text.size(), spelling.text.size() - 1);
    for (size_t length = most; length >= kShortestCutOff && length > longest; --length) {
      if (text.substr(text.size() - length) == std::string_view(spelling.text).substr(0, length)) {
        longest = length;
        rule = spelling.rule;
        break;
      }
    }
  }
  return longest;
}

}  // namespace redactd
