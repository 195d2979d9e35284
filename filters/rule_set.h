#pragma once

// Rules, compiled: what every stream shares.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/allowances.h"
#include "filters/known/known_matcher.h"
#include "filters/mask.h"
#include "filters/matcher/key_tree.h"
#include "filters/matcher/literal_head.h"
#include "filters/matcher/matcher.h"
#include "filters/matcher/token_cores.h"
#include "filters/rule.h"
#include "filters/spans/marker_expressions.h"
#include "filters/spans/regex_span.h"
#include "filters/spans/value/key.h"

namespace redactd {

/// What a match of one expression means to the resolver.
struct Anchor {
  enum class Role : uint8_t {
    token,
    value,
    key_ending,  // what KeyTree decides on; no match has it
    userinfo,
    block_begin,
    block_end,
    known,
    regex,
    regex_literal,
    encoded
  };
  Role role = Role::token;
  bool muted = false;  // its rule is off: matches are dropped
  uint32_t rule = 0;   // regex, regex_literal: the group's number
  size_t width = 0;    // token, known: bytes of the core; regex, regex_literal: its number in the
                       // group; encoded: the TextEncoding; value: the number of its keys
  const LiteralHead* head = nullptr;  // token: `width` are those of the head, and its tail has to
                                      // follow
};

/// A rule that cannot be compiled. `field` is the key at fault (`pattern`, `begin`, …).
struct RuleError {
  size_t rule = 0;  // counted over all groups
  std::string field;
  std::string message;

  friend bool operator==(const RuleError&, const RuleError&) = default;
};

/// A database that was compiled when the program was built, for the expressions with this
/// fingerprint.
struct EmbeddedDatabase {
  uint64_t fingerprint = 0;
  MatchTarget target = MatchTarget::generic;
  std::string_view bytes;
  std::vector<size_t> widths;  // of each expression's core
};

/// Rules that share one database. The built-in rules are one group, whose database is embedded in
/// the program; the user's rules are another, so that only they are compiled at start.
struct RuleGroup {
  std::vector<Rule> rules;
  std::vector<bool> muted;  // as long as rules, or empty: none is
  std::vector<EmbeddedDatabase> embedded;
};

struct MaskSettings {
  MaskSpec standard;
  FingerprintKey key;
  std::vector<SecretFingerprint> allowed = {};  // secrets that are not masked; of this key
};

/// Immutable after compile(); shared by all threads through shared_ptr<const RuleSet>.
class RuleSet {
 public:
  /// On failure the result is null and `errors` has every error found. Throws MatchError for
  /// failures that are no rule's fault and std::invalid_argument for a mask that cannot be used.
  /// What `previous` (may be null) has compiled already is shared with it: databases of equal
  /// expressions, regexes and known values. Values of known rules do not stay in rules().
  static std::shared_ptr<const RuleSet> compile(std::vector<RuleGroup> groups,
                                                const MaskSettings& masks,
                                                std::vector<RuleError>& errors,
                                                const RuleSet* previous = nullptr);
  ~RuleSet();

  const std::vector<Rule>& rules() const { return rules_; }
  /// Of the expressions; what rules with keys and known values stand for comes behind them.
  const std::vector<Anchor>& anchors() const { return anchors_; }
  /// Every number that a match can have; the anchor of one.
  size_t anchor_count() const { return first_known() + known_->size(); }
  Anchor anchor(uint32_t number) const {
    if (number < anchors_.size()) return anchors_[number];
    const size_t key = number - anchors_.size();
    if (key < key_rules_.size()) return {Anchor::Role::value, false, key_rules_[key], key, nullptr};
    return known_anchor(number);
  }
  /// The rule of an anchor with the role `value`.
  const ValueRule& value_rule(const Anchor& anchor) const { return value_rules_[anchor.rule]; }
  /// The first userinfo rule that is on.
  std::optional<uint32_t> userinfo_rule() const { return userinfo_rule_; }
  bool is_muted(uint32_t rule) const { return muted_[rule]; }
  const std::vector<bool>& muted() const { return muted_; }
  const std::vector<std::shared_ptr<const MatchDatabase>>& databases() const { return databases_; }
  /// Number of the first anchor of each database: a match's expression counts from there.
  const std::vector<uint32_t>& first_anchor() const { return first_anchor_; }
  /// Of one database: its expressions [first_ending, last_ending) hint at the tree's keys.
  struct Keys {
    KeyTree tree;
    uint32_t first_ending = 0;
    uint32_t last_ending = 0;
  };
  /// As many as there are databases. The trees' matches have the numbers of anchors: first_key()
  /// and up, one for each of key_rules().
  const std::vector<Keys>& keys() const { return keys_; }
  uint32_t first_key() const { return static_cast<uint32_t>(anchors_.size()); }
  const std::vector<uint32_t>& key_rules() const { return key_rules_; }
  /// Known values in all their spellings. Its matches count from first_known().
  const std::shared_ptr<const KnownMatcher>& known() const { return known_; }
  uint32_t first_known() const { return first_key() + static_cast<uint32_t>(key_rules_.size()); }
  /// The regex rules of each group.
  const std::vector<std::shared_ptr<const RegexRules>>& regexes() const { return regexes_; }
  bool any_regexes() const;
  /// Whether some regex has no literal, so that every record has to be looked at.
  bool looks_at_every_record() const { return looks_at_every_record_; }
  /// Whether something within a secret may be a blank other than in a known value: some regex is
  /// on, or a token whose pattern is not surely without.
  bool may_match_blanks() const { return may_match_blanks_; }
  const MarkerExpressions& markers() const { return markers_; }
  /// What is looked for in encoded text.
  const TokenCores& cores() const { return cores_; }
  const Allowances& allowances() const { return allowances_; }
  const Masker& masker() const { return *masker_; }
  /// The expressions of all databases, one for each anchor.
  const std::vector<Expression>& expressions() const { return expressions_; }
  static uint64_t fingerprint(const std::vector<Expression>& expressions);
  /// Bytes at the end of `text` that are the beginning of a known value (`rule` is set to its
  /// rule); 0: none.
  size_t cut_off_known(std::string_view text, uint32_t& rule) const;

 private:
  RuleSet() = default;
  struct Builder;
  Anchor known_anchor(uint32_t number) const;
  void list_value_rules();
  void wipe_values();
  void find_blanks();

  std::vector<Rule> rules_;
  std::vector<bool> muted_;
  std::optional<uint32_t> userinfo_rule_;
  std::vector<Anchor> anchors_;
  std::deque<LiteralHead> heads_;  // of anchors
  std::vector<Expression> expressions_;
  std::vector<std::shared_ptr<const MatchDatabase>> databases_;
  std::vector<uint32_t> first_anchor_;
  std::vector<Keys> keys_;
  std::vector<uint32_t> key_rules_;     // those that are on
  std::vector<RuleKeys> rule_keys_;     // of each of them
  std::vector<ValueRule> value_rules_;  // every rule's, for quick access; of no use to other kinds
  std::vector<std::shared_ptr<const RegexRules>> regexes_;
  bool looks_at_every_record_ = false;
  bool may_match_blanks_ = false;
  MarkerExpressions markers_;
  TokenCores cores_;
  Allowances allowances_;
  std::optional<Masker> masker_;
  std::shared_ptr<const KnownMatcher> known_;  // its owners count in known_rules_
  std::vector<uint32_t> known_rules_;
  std::string known_digest_;  // of what known_ was built from
};

}  // namespace redactd
