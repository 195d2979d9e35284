#pragma once

// The keys of `value` rules: what the matcher looks for, and where in the text a key that it
// reported stands.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filters/matcher/key_tree.h"
#include "filters/rule.h"

namespace redactd {

/// The keys and names of one rule, ready to be looked for in a text. Immutable; shared by all
/// threads.
class RuleKeys {
 public:
  explicit RuleKeys(const Rule& rule);
  /// Where the longest of the keys begins that ends at `key_end`; npos when none does.
  size_t longest(std::string_view text, size_t key_end) const;
  /// Whether one of the names may begin at `at`, looking at no more than four letters or digits
  /// before `end`.
  bool may_be_name(std::string_view text, size_t at, size_t end) const;
  /// The names that begin with those two letters or digits: their numbers, from 0 on.
  struct Range {
    uint16_t first = 0;
    uint16_t last = 0;
  };
  Range names_with(char first, char second) const;
  /// Whether one of the names may stand in one of the keys, or in a key's end and the number
  /// behind.
  bool may_hold_name() const { return may_hold_name_; }

 private:
  KeyTree tree_;
  Boundary boundary_;
  bool may_hold_name_ = false;
  // The first letters of names, by number; empty without names.
  std::vector<bool> beginnings_;    // three
  std::vector<bool> longer_names_;  // four, by a hash
  std::vector<Range> pairs_;  // by the numbers of their first two letters; empty without names
};

/// A `value` rule as its resolvers need it: views, valid while the resolver runs.
struct ValueRule {
  const Rule& rule;
  uint32_t number = 0;
  const RuleKeys* keys = nullptr;    // null: the rule has a pattern instead
  std::string_view fixed_mask = {};  // Masker::fixed_text()
};

/// The keys but those that end in another one: `access_token` where `token` is a key too. The
/// anchor is the same, and key_start() tells them apart.
std::vector<std::string> distinct_keys(const std::vector<std::string>& keys);

/// What separates the rule's keys from a value: a weak key in a sentence is nothing to look at.
KeySeparator key_separator(const Rule& rule);

/// What the matcher looks for so that no key is missed: expressions for what each of `keys` ends
/// with, and the byte behind it.
std::vector<std::string> ending_expressions(const std::vector<std::string>& keys);

/// Where the key of a match that ended at `anchor_end` ends: before the byte that ended the match
/// and the blanks between them.
inline size_t end_of_key(std::string_view text, size_t anchor_end) {
  size_t at = anchor_end - 1;
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  return at;
}

/// Whether a separator can follow the key at all: the quick look that most words in sentences do
/// not pass.
bool separator_may_follow(std::string_view text, size_t key_end);

/// Where a rule's name stands: in the name that the key ends (`ADAFRUIT_IO_KEY`), or among the
/// words before it (`Adafruit IO key`).
struct KeyName {
  uint16_t number = 0;  // counted from 1; 0: there is none
  bool in_key = false;
  bool ordinary = false;  // one of the rule's ordinary_names
};

/// The nearest of the rule's names to the key at [key_begin, key_end).
KeyName find_name(std::string_view text, size_t key_begin, size_t key_end, const ValueRule& value);

/// Whether a key may start there: where a word starts, also inside camelCase (`clientSecret`).
bool key_boundary(std::string_view text, size_t start);

/// Where one of the rule's keys that ends before `key_end` starts; npos when none does.
size_t key_start(std::string_view text, size_t key_end, const RuleKeys& keys);

}  // namespace redactd
