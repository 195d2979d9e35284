#include "filters/rule_set.h"

#include <algorithm>

#include "filters/matcher/pattern_text.h"
#include "filters/wiping_allocator.h"

namespace redactd {
namespace {

// Bytes of a known value's beginning that count at the end of a stream.
constexpr size_t kShortestCutOff = 4;

}  // namespace

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

void RuleSet::find_blanks() {
  for (size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    if (muted_[i]) continue;
    bool token = rule.kind == RuleKind::token &&
                 std::any_of(rule.patterns.begin(), rule.patterns.end(), may_match_blank);
    may_match_blanks_ = may_match_blanks_ || token || rule.kind == RuleKind::regex;
  }
}

RuleSet::~RuleSet() { wipe_values(); }

void RuleSet::wipe_values() {
  for (Rule& rule : rules_) {
    for (std::string& value : rule.values) wipe(value);
    rule.values.clear();
  }
}

bool RuleSet::any_regexes() const {
  return std::any_of(regexes_.begin(), regexes_.end(),
                     [](const auto& regexes) { return !regexes->empty(); });
}

void RuleSet::list_value_rules() {
  value_rules_.reserve(rules_.size());
  for (uint32_t number = 0; number < rules_.size(); ++number)
    value_rules_.push_back({rules_[number], number, nullptr, masker_->fixed_text(number)});
  for (size_t key = 0; key < key_rules_.size(); ++key)
    value_rules_[key_rules_[key]].keys = &rule_keys_[key];
}

Anchor RuleSet::known_anchor(uint32_t number) const {
  size_t known = number - first_known();
  return {Anchor::Role::known, false, known_rules_[known_->owner(known)],
          known_->text(known).size(), nullptr};
}

size_t RuleSet::cut_off_known(std::string_view text, uint32_t& rule) const {
  uint32_t owner = 0;
  size_t length = known_->cut_off(text, kShortestCutOff, owner);
  if (length != 0) rule = known_rules_[owner];
  return length;
}

}  // namespace redactd
