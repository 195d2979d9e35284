#include "config/rules/allow_reader.h"

#include "config/yaml_reader.h"
#include "filters/spans/regex_span.h"

namespace redactd {
namespace {

const std::vector<std::string_view> kRuleAllowKeys = {"secret", "record"};

std::vector<AllowEntry::Word> words(const YamlReader& reader) {
  std::vector<AllowEntry::Word> words;
  for (const YamlReader& item : reader.items()) {
    if (std::optional<std::string> text = item.text()) words.push_back({*text, item.place()});
  }
  return words;
}

std::vector<std::string> expressions(const YamlReader& reader) {
  std::vector<std::string> expressions;
  for (const YamlReader& item : reader.items()) {
    std::optional<std::string> text = item.text();
    if (!text) continue;
    std::string why = item.is_put_in() ? refuse_search_unquoted(*text) : refuse_search(*text);
    if (!why.empty()) {
      item.fail("RE2 refuses it: " + why);
    } else if (finds_nothing_in_particular(*text)) {
      item.fail("is found in the empty text, so it lets everything pass");
    } else {
      expressions.push_back(*text);
    }
  }
  return expressions;
}

/// Without its condition an entry would let more pass than was meant.
void refuse_empty_lists(const YamlReader& entry) {
  for (std::string_view key : kAllowKeys) {
    if (entry.names(key) && entry[key].items().empty())
      entry[key].fail("has no entry; write one, or leave it out");
  }
}

Allowance read_conditions(const YamlReader& entry) {
  Allowance allowance;
  allowance.secret = expressions(entry["secret"]);
  allowance.record = expressions(entry["record"]);
  return allowance;
}

void read_fingerprints(const YamlReader& entry, AllowEntry& allow) {
  for (const AllowEntry::Word& word : words(entry["fingerprint"])) {
    if (std::optional<SecretFingerprint> fingerprint = parse_fingerprint(word.text)) {
      allow.fingerprints.emplace_back(*fingerprint, word);
    } else {
      entry["fingerprint"].fail(
          "must be rule:key:digits, as the fingerprint mask and redactd explain show it");
    }
  }
  for (std::string_view other : kAllowKeys) {
    if (other != "fingerprint" && entry.names(other))
      entry[other].fail("stands beside fingerprint, which says all; make it an entry of its own");
  }
}

}  // namespace

const std::vector<std::string_view> kAllowKeys = {"rules", "secret", "record", "fingerprint"};

std::vector<AllowEntry> read_allow(const YamlReader& list) {
  std::vector<AllowEntry> allow;
  if (list.present() && !list.is_list()) list.fail("must be a list");
  if (!list.is_list()) return allow;
  for (const YamlReader& item : list.items()) {
    if (!item.expect_map(kAllowKeys)) continue;
    refuse_empty_lists(item);
    AllowEntry entry;
    if (item.names("fingerprint")) {
      read_fingerprints(item, entry);
    } else if (!item.names("secret") && !item.names("record")) {
      item.fail(
          "needs secret, record or fingerprint; to turn rules off, name them in rules.disable");
    } else {
      entry.rules = words(item["rules"]);
      entry.allowance = read_conditions(item);
    }
    allow.push_back(std::move(entry));
  }
  return allow;
}

std::vector<Allowance> read_rule_allow(const YamlReader& list) {
  std::vector<Allowance> allow;
  if (list.present() && !list.is_list()) list.fail("must be a list");
  if (!list.is_list()) return allow;
  for (const YamlReader& item : list.items()) {
    if (!item.expect_map(kRuleAllowKeys)) continue;
    refuse_empty_lists(item);
    if (!item.names("secret") && !item.names("record")) item.fail("needs secret or record");
    allow.push_back(read_conditions(item));
  }
  return allow;
}

}  // namespace redactd
