#pragma once

// `allow`: what passes in clear although a rule describes it, in the configuration and in packs.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostic.h"
#include "filters/mask.h"
#include "filters/rule.h"

namespace redactd {

class YamlReader;

/// An entry of the configuration's list, with the places of the words that have to fit its rules
/// and its key.
struct AllowEntry {
  struct Word {
    std::string text;
    Place place;
  };
  std::vector<Word> rules;  // ids or tags; empty: all rules
  Allowance allowance;
  std::vector<std::pair<SecretFingerprint, Word>> fingerprints;  // each stands for one secret
};

/// The list of the configuration.
std::vector<AllowEntry> read_allow(const YamlReader& list);
extern const std::vector<std::string_view> kAllowKeys;

/// The list of a rule in a pack.
std::vector<Allowance> read_rule_allow(const YamlReader& list);

}  // namespace redactd
