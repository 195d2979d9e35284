#pragma once

// What passes in clear although a rule describes it: the user's own word on what is no secret. No
// built-in rule has any.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/mask.h"
#include "filters/rule.h"
#include "filters/spans/span.h"

namespace re2 {
class RE2;
}

namespace redactd {

/// Something that a rule takes for a secret. Views of the record.
struct Candidate {
  uint32_t rule = 0;
  std::string_view secret;
  std::string_view match;  // of a regex rule: all that its expression matched; else the secret
};

/// Allowances by the rules' numbers, compiled. Immutable and shared by threads once all are added.
class Allowances {
 public:
  Allowances();
  ~Allowances();
  Allowances(Allowances&&) noexcept;
  Allowances& operator=(Allowances&&) noexcept;

  /// Secrets that pass whatever rule finds them, but for known values.
  void set_fingerprints(FingerprintKey key, const std::vector<SecretFingerprint>& allowed);

  /// Returns why an expression is refused; empty when all are taken.
  std::string add(uint32_t rule, const Allowance& allowance);

  /// What the records' expressions said, so that each runs once a record.
  using Memo = std::vector<std::pair<const re2::RE2*, bool>>;

  bool empty() const { return by_rule_.empty() && fingerprints_.empty(); }
  /// Of a record that is not held whole nothing passes: what is seen of it might be a part of a
  /// secret. `memo` belongs to the record. Adds what it looks at to the record's work.
  bool let_pass(const Candidate& candidate, const RecordView& record, Memo& memo) const;

 private:
  struct Compiled;
  bool has_fingerprint_of(std::string_view secret) const;
  std::shared_ptr<const re2::RE2> compile(const std::string& expression, std::string& error);

  std::vector<std::vector<std::shared_ptr<const Compiled>>> by_rule_;
  std::map<std::string, std::shared_ptr<const re2::RE2>> expressions_;
  FingerprintKey key_;
  std::map<std::string, std::set<std::string>> fingerprints_;  // digits by the rules in them
};

}  // namespace redactd
