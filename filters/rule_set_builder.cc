// RuleSet::compile(): from rules to anchors, expressions and databases.

#include <algorithm>
#include <map>
#include <set>

#include "filters/anchor_check.h"
#include "filters/known/known.h"
#include "filters/known/known_digest.h"
#include "filters/matcher/encoded_expressions.h"
#include "filters/matcher/literal_head.h"
#include "filters/matcher/pattern_text.h"
#include "filters/matcher/written_out.h"
#include "filters/rule_set.h"

namespace redactd {

namespace {

/// Expressions as one.
std::string any_of(const std::vector<std::string>& expressions) {
  std::string all;
  for (const std::string& expression : expressions) all += (all.empty() ? "" : "|") + expression;
  return "(?:" + all + ")";
}

}  // namespace

/// Turns groups of rules into anchors, expressions and databases.
struct RuleSet::Builder {
  struct Group;

  RuleSet& set;
  std::vector<RuleError>& errors;
  const RuleSet* previous = nullptr;  // what is equal is taken from here; may be null

  void add_known_values();
  void add_values(KnownMatcher& matcher, uint32_t owner);
  /// A pattern that is written out fails once.
  void fail(uint32_t rule, std::string field, std::string message) {
    RuleError error{rule, std::move(field), std::move(message)};
    if (errors.empty() || errors.back() != error) errors.push_back(std::move(error));
  }
};

/// One group at work, which has one database.
struct RuleSet::Builder::Group {
  explicit Group(Builder& of) : builder(of), set(of.set), previous(of.previous) {}

  Builder& builder;
  RuleSet& set;
  const RuleSet* previous;
  const size_t first = set.expressions_.size();  // of the group's, and of its anchors
  // What is looked for of tokens in encoded text, and the rules that it tells of.
  std::map<std::pair<TextEncoding, std::string>, std::set<uint32_t>> encoded = {};
  std::vector<std::string> fields = {};  // the key that each expression came from
  size_t first_regex = 0;                // of its regexes' expressions, which stand last
  std::vector<std::pair<std::string, uint32_t>> regexes = {};  // with their rules
  std::vector<std::string> regex_fields = {};
  // Too large for the matcher: it looks for their literals instead.
  std::set<size_t> refused_regexes = {};

  void add(RuleGroup& group) {
    const auto first_rule = static_cast<uint32_t>(set.rules_.size());
    bool all_muted = take_rules(group);
    size_t errors_before = builder.errors.size();
    for (uint32_t rule = first_rule; rule < set.rules_.size() && !all_muted; ++rule)
      add_rule(rule, set.rules_[rule]);
    add_encoded();
    if (!all_muted) add_escapes(first_rule);
    RuleSet::Keys keys = all_muted ? RuleSet::Keys{} : add_endings(first_rule);
    set.regexes_.push_back(find_regexes());
    if (all_muted) return;
    add_regexes();
    if (builder.errors.size() != errors_before) {
      check_expressions();
    } else if (!reuse_database() && !use_embedded(group.embedded)) {
      check_expressions();
      build_database();
    }
    if (set.keys_.size() < set.databases_.size()) set.keys_.push_back(std::move(keys));
  }

  /// Whether all of them are muted.
  bool take_rules(RuleGroup& group) {
    bool all_muted = true;
    for (size_t i = 0; i < group.rules.size(); ++i) {
      bool muted = i < group.muted.size() && group.muted[i];
      all_muted = all_muted && muted;
      set.muted_.push_back(muted);
      set.rules_.push_back(std::move(group.rules[i]));
    }
    return all_muted;
  }

  std::shared_ptr<const RegexRules> find_regexes() {
    if (previous != nullptr) {
      for (const std::shared_ptr<const RegexRules>& compiled : previous->regexes_) {
        if (compiled->has_just(regexes)) return compiled;
      }
    }
    return compile_regexes();
  }

  std::shared_ptr<const RegexRules> compile_regexes() {
    auto compiled = std::make_shared<RegexRules>();
    for (size_t i = 0; i < regexes.size(); ++i) {
      std::string why = compiled->add(regexes[i].first, regexes[i].second);
      if (!why.empty()) builder.fail(regexes[i].second, regex_fields[i], "RE2 refuses it: " + why);
    }
    compiled->build(refused_regexes);
    return compiled;
  }

  /// What tells on which records RE2 has to run.
  void add_regexes() {
    first_regex = set.expressions_.size();
    const RegexRules& compiled = *set.regexes_.back();
    const RegexRules::Wanted& wanted = compiled.wanted();
    auto group = static_cast<uint32_t>(set.regexes_.size() - 1);
    for (const auto& [number, pattern] : wanted.expressions) {
      add_expression(group, Anchor::Role::regex, "pattern", pattern, number);
      set.anchors_.back().muted = set.muted_[regexes[number].second];
    }
    for (size_t number = 0; number < wanted.literals.size(); ++number) {
      add_expression(group, Anchor::Role::regex_literal, "pattern",
                     "(?i)" + escape_expression(wanted.literals[number]), number);
    }
    set.looks_at_every_record_ =
        set.looks_at_every_record_ || compiled.looks_at_every_record(set.muted_);
  }

  void add_expression(uint32_t rule, Anchor::Role role, std::string field, std::string pattern,
                      size_t width = 0) {
    bool of_rule = role != Anchor::Role::regex && role != Anchor::Role::regex_literal;
    bool muted = of_rule && set.muted_[rule];
    set.expressions_.push_back({std::move(pattern)});
    set.anchors_.push_back({role, muted, rule, width, nullptr});
    fields.push_back(std::move(field));
  }

  void add_rule(uint32_t number, const Rule& rule) {
    for (size_t i = 0; i < rule.allow.size(); ++i) {
      std::string why = set.allowances_.add(number, rule.allow[i]);
      if (!why.empty()) builder.fail(number, "allow[" + std::to_string(i) + "]", why);
    }
    switch (rule.kind) {
      case RuleKind::token:
        for (size_t i = 0; i < rule.patterns.size(); ++i) add_token(number, rule, i);
        note_encoded(number, rule);
        break;
      case RuleKind::value:
        for (size_t i = 0; i < rule.patterns.size(); ++i) {
          add_expression(number, Anchor::Role::value, pattern_field(rule, i),
                         after_escapes(rule.patterns[i]));
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
        note_encoded(number, rule);
        break;
      case RuleKind::known:
        if (!set.muted_[number]) set.known_rules_.push_back(number);
        break;
      case RuleKind::regex:
        for (size_t i = 0; i < rule.patterns.size(); ++i) {
          regexes.emplace_back(rule.patterns[i], number);
          regex_fields.push_back(pattern_field(rule, i));
        }
        break;
    }
  }

  void add_token(uint32_t number, const Rule& rule, size_t i) {
    const std::string& pattern = rule.patterns[i];
    auto patterns = rule.prefix.empty() ? written_out(pattern) : std::vector{pattern};
    for (const std::string& each : patterns) {
      std::optional<LiteralHead> head;
      if (rule.prefix.empty() && rule.boundary == Boundary::word) head = run_head(each);
      if (rule.prefix.empty() && !head) head = literal_head(each);
      add_expression(number, Anchor::Role::token, pattern_field(rule, i),
                     rule.prefix + "(?:" + (head ? head->literal : each) + ")");
      if (head) set.anchors_.back().head = &set.heads_.emplace_back(*std::move(head));
    }
  }

  void note_encoded(uint32_t number, const Rule& rule) {
    for (TokenCores::Wanted& wanted : set.cores_.add(rule, number, set.muted_[number]))
      encoded[{wanted.encoding, std::move(wanted.pattern)}].insert(number);
  }

  /// What tells of the rules' secrets in encoded text. Where one expression is the beginning of
  /// another it tells of both, for the resolver looks for all rules' secrets anyway: in a run of
  /// one letter each was reported at every place.
  void add_encoded() {
    using OfRules = std::pair<TextEncoding, std::set<uint32_t>>;
    std::map<OfRules, std::vector<std::string>> expressions;
    for (auto at = encoded.begin(); at != encoded.end();) {
      const auto& [encoding, beginning] = at->first;
      std::set<uint32_t> rules = at->second;
      auto next = std::next(at);
      for (; next != encoded.end() && next->first.first == encoding &&
             next->first.second.starts_with(beginning);
           ++next)
        rules.insert(next->second.begin(), next->second.end());
      expressions[{encoding, std::move(rules)}].push_back(beginning);
      at = next;
    }
    for (const auto& [of, alternatives] : expressions) {
      const auto& [encoding, rules] = of;
      const std::string prefix = encoding == TextEncoding::hex ? "(?i)" : "";
      add_expression(*rules.begin(), Anchor::Role::encoded, "pattern",
                     prefix + any_of(alternatives), static_cast<size_t>(encoding));
      set.anchors_.back().muted = std::all_of(rules.begin(), rules.end(),
                                              [this](uint32_t rule) { return set.muted_[rule]; });
    }
  }

  /// The escapes and line breaks that tell of any rule's secrets, once a group that has such rules.
  void add_escapes(uint32_t first_rule) {
    bool any = false;
    bool all_muted = true;
    for (size_t i = first; i < set.anchors_.size(); ++i) {
      if (set.anchors_[i].role != Anchor::Role::encoded) continue;
      any = true;
      all_muted = all_muted && set.anchors_[i].muted;
    }
    if (!any) return;
    auto add = [&](TextEncoding encoding, std::string expression) {
      add_expression(first_rule, Anchor::Role::encoded, "pattern", std::move(expression),
                     static_cast<size_t>(encoding));
      set.anchors_.back().muted = all_muted;
    };
    for (std::string& expression : TokenCores::escape_expressions())
      add(TextEncoding::escapes, std::move(expression));
    add(TextEncoding::base64, wrap_expression());
  }

  /// What tells of the keys of any rule of the group. The expressions are the same whatever is
  /// muted, for there is a database of them.
  RuleSet::Keys add_endings(uint32_t first_rule) {
    RuleSet::Keys keys;
    std::vector<std::string> all;
    for (uint32_t number = first_rule; number < set.rules_.size(); ++number) {
      const Rule& rule = set.rules_[number];
      std::vector<std::string> distinct = distinct_keys(rule.keys);
      all.insert(all.end(), distinct.begin(), distinct.end());
      if (distinct.empty() || set.muted_[number]) continue;
      keys.tree.add(distinct, key_separator(rule), static_cast<uint32_t>(set.key_rules_.size()));
      set.key_rules_.push_back(number);
      set.rule_keys_.emplace_back(rule);
    }
    keys.tree.build();
    keys.first_ending = static_cast<uint32_t>(set.expressions_.size());
    for (std::string& ending : ending_expressions(all)) {
      add_expression(first_rule, Anchor::Role::key_ending, "keys", std::move(ending));
      set.anchors_.back().muted = false;
    }
    keys.last_ending = static_cast<uint32_t>(set.expressions_.size());
    return keys;
  }

  void add_marker(uint32_t number, Anchor::Role role, const char* field,
                  const std::string& expression) {
    add_expression(number, role, field, expression);
    std::string why = set.markers_.add(expression, number, role == Anchor::Role::block_begin);
    if (!why.empty()) builder.fail(number, field, "RE2 refuses it: " + why);
  }

  static std::string pattern_field(const Rule& rule, size_t index) {
    return rule.patterns.size() == 1 ? "pattern" : "pattern[" + std::to_string(index) + "]";
  }

  /// Checks every expression of the group on its own, so that all errors are found, and learns the
  /// tokens' widths.
  void check_expressions() {
    size_t pattern = 0;
    for (size_t i = first; i < set.expressions_.size(); ++i) {
      Anchor& anchor = set.anchors_[i];
      pattern = i > first && set.anchors_[i - 1].rule == anchor.rule ? pattern + 1 : 0;
      try {
        std::string why =
            refuse_expression(set.expressions_[i].pattern, set.rules_, pattern, anchor);
        if (!why.empty()) fail_at(i, why);
      } catch (const MatchError& error) {
        fail_at(i, std::string("Hyperscan refuses it: ") + error.what());
      }
    }
  }

  std::vector<Expression> group_expressions() const {
    return {set.expressions_.begin() + static_cast<std::ptrdiff_t>(first), set.expressions_.end()};
  }

  /// Takes the database, and with it the widths, from the previous rules when the expressions are
  /// the same.
  bool reuse_database() {
    size_t count = set.expressions_.size() - first;
    if (previous == nullptr || count == 0) return false;
    for (size_t i = 0; i < previous->databases_.size(); ++i) {
      size_t from = previous->first_anchor_[i];
      size_t to = i + 1 < previous->databases_.size() ? previous->first_anchor_[i + 1]
                                                      : previous->expressions_.size();
      if (to - from != count || !same_expressions(*previous, from)) continue;
      set.databases_.push_back(previous->databases_[i]);
      set.first_anchor_.push_back(static_cast<uint32_t>(first));
      for (size_t n = 0; n < count; ++n)
        set.anchors_[first + n].width = previous->anchors_[from + n].width;
      return true;
    }
    return false;
  }

  /// Whether the group at hand has the expressions that `other` has from number `from` on.
  bool same_expressions(const RuleSet& other, size_t from) const {
    for (size_t i = first; i < set.expressions_.size(); ++i, ++from) {
      if (set.expressions_[i].pattern != other.expressions_[from].pattern ||
          set.anchors_[i].role != other.anchors_[from].role) {
        return false;
      }
    }
    return true;
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
        set.databases_.push_back(
            std::make_shared<MatchDatabase>(MatchDatabase::load_embedded(candidate.bytes)));
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
    if (!builder.errors.empty() || set.expressions_.size() == first) return;
    try {
      set.databases_.push_back(
          std::make_shared<MatchDatabase>(MatchDatabase::compile(group_expressions())));
      set.first_anchor_.push_back(static_cast<uint32_t>(first));
    } catch (const MatchError& error) {
      if (error.expression() < 0) throw;
      size_t index = first + static_cast<size_t>(error.expression());
      if (set.anchors_[index].role == Anchor::Role::regex) {
        refused_regexes.insert(set.anchors_[index].width);
        set.expressions_.resize(first_regex);
        set.anchors_.resize(first_regex);
        fields.resize(first_regex - first);
        set.regexes_.back() = compile_regexes();
        add_regexes();
        return build_database();
      }
      fail_at(index, std::string("Hyperscan refuses it: ") + error.what());
    }
  }

  void fail_at(size_t expression, std::string message) {
    builder.fail(set.anchors_[expression].rule, fields[expression - first], std::move(message));
  }
};

/// Known values have a matcher of their own: there may be a million spellings.
void RuleSet::Builder::add_known_values() {
  set.known_digest_ = known_digest(set.rules_, set.known_rules_);
  if (previous != nullptr && previous->known_digest_ == set.known_digest_) {
    set.known_ = previous->known_;
  } else {
    auto matcher = std::make_shared<KnownMatcher>();
    for (uint32_t i = 0; i < set.known_rules_.size(); ++i) add_values(*matcher, i);
    matcher->build();
    set.known_ = std::move(matcher);
  }
  set.wipe_values();
}

void RuleSet::Builder::add_values(KnownMatcher& matcher, uint32_t owner) {
  uint32_t number = set.known_rules_[owner];
  const Rule& rule = set.rules_[number];
  for (size_t i = 0; i < rule.values.size(); ++i) {
    if (std::string why = refuse_known(rule.values[i]); !why.empty()) {
      fail(number, "values[" + std::to_string(i) + "]", why + "; leave it out");
      continue;
    }
    for (const SecretText& text : known_texts(rule.values[i], rule.encodings))
      matcher.add(text, owner);
  }
}

std::shared_ptr<const RuleSet> RuleSet::compile(std::vector<RuleGroup> groups,
                                                const MaskSettings& masks,
                                                std::vector<RuleError>& errors,
                                                const RuleSet* previous) {
  std::shared_ptr<RuleSet> set(new RuleSet());
  Builder builder{*set, errors, previous};
  set->allowances_.set_fingerprints(masks.key, masks.allowed);
  for (RuleGroup& group : groups) Builder::Group(builder).add(group);
  set->cores_.build();
  builder.add_known_values();
  if (!errors.empty()) return nullptr;
  set->masker_.emplace(set->rules_, masks.standard, masks.key);
  set->list_value_rules();
  set->find_blanks();
  return set;
}

}  // namespace redactd
