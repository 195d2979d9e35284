#include "tests/testing/redact.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "config/rules/builtin_pack.h"
#include "config/rules/rule_loader.h"
#include "filters/example.h"

namespace redactd::test {
namespace {

/// One scratch for all streams of the test's only thread.
MatchScratch& scratch() {
  static MatchScratch shared;
  return shared;
}

/// A rule that is off until it is named is off here too.
RuleGroup builtin_group() {
  RuleGroup group;
  group.rules = builtin_rules();
  group.embedded = builtin_databases();
  for (const Rule& rule : group.rules) group.muted.push_back(!rule.enabled_by_default);
  return group;
}

Rules compile(RuleGroup group, const MaskSettings& masks) {
  std::vector<RuleGroup> groups;
  groups.push_back(std::move(group));
  std::vector<RuleError> errors;
  Rules rules = RuleSet::compile(std::move(groups), masks, errors);
  std::string all;
  for (const RuleError& error : errors) {
    all += "rules[" + std::to_string(error.rule) + "]." + error.field + ": " + error.message + '\n';
  }
  if (!rules) throw std::runtime_error("the test's rules do not compile:\n" + all);
  return rules;
}

std::string quoted(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f) {
      result += c;
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      result += code;
    }
  }
  return result;
}

}  // namespace

const Rules& builtin() {
  static const Rules rules = compile(builtin_group(), {});
  return rules;
}

Rules builtin_masking(const MaskSpec& mask, const FingerprintKey& key) {
  return compile(builtin_group(), {mask, key});
}

Rules rules_from(const std::string& yaml, const MaskSettings& masks) {
  Diagnostics diagnostics;
  FileReader no_files = [](const std::string&) { return std::nullopt; };
  RuleGroup group;
  for (LoadedRule& loaded : parse_rules(yaml, "test.yaml", no_files, diagnostics)) {
    group.rules.push_back(std::move(loaded.rule));
  }
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  return compile(std::move(group), masks);
}

Rules rules_of(std::vector<Rule> rules, const MaskSettings& masks) {
  RuleGroup group;
  group.rules = std::move(rules);
  return compile(std::move(group), masks);
}

Rules known_values(std::vector<std::string> values) {
  Rule rule;
  rule.id = "known";
  rule.title = "Known value";
  rule.kind = RuleKind::known;
  rule.values = std::move(values);
  return rules_of({rule});
}

std::string redact_in_chunks(std::string_view text, const std::vector<size_t>& cuts,
                             const Rules& rules, Limits limits) {
  Redactor redactor(rules, scratch(), limits);
  std::string out;
  size_t from = 0;
  auto read = [&](size_t to) {
    if (to <= from) return;
    std::string_view part = text.substr(from, to - from);
    std::span<char> room = redactor.prepare(part.size());
    std::copy(part.begin(), part.end(), room.begin());
    out += redactor.commit(part.size());
    from = to;
  };
  for (size_t cut : cuts) read(std::min(cut, text.size()));
  read(text.size());
  return out += redactor.finish();
}

std::string redact(std::string_view text, const Rules& rules, Limits limits) {
  return redact_in_chunks(text, {}, rules, limits);
}

std::string redact_in_reads_of(size_t size, std::string_view text, const Rules& rules,
                               Limits limits) {
  std::vector<size_t> cuts;
  for (size_t at = size; at < text.size(); at += size) cuts.push_back(at);
  return redact_in_chunks(text, cuts, rules, limits);
}

std::vector<std::string> masking_rules(std::string_view text, const Rules& rules) {
  Redactor redactor(rules, scratch());
  std::span<char> room = redactor.prepare(text.size());
  std::copy(text.begin(), text.end(), room.begin());
  std::vector<std::string> ids;
  auto collect = [&] {
    for (const Finding& finding : redactor.findings())
      ids.push_back(rules->rules()[finding.rule].id);
  };
  redactor.commit(text.size());
  collect();
  redactor.finish();
  collect();
  return ids;
}

Filled fill(std::string_view source, std::string_view seed) {
  FilledExample filled = fill_example(source, seed);
  EXPECT_EQ(filled.error, "") << source;
  return {filled.text, filled.secrets};
}

std::string label(std::string_view id) { return "[REDACTED:" + std::string(id) + "]"; }

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++count;
  return count;
}

std::string first_difference(std::string_view expected, std::string_view actual) {
  if (expected == actual) return {};
  size_t at = 0;
  while (at < expected.size() && at < actual.size() && expected[at] == actual[at]) ++at;
  size_t from = at > 60 ? at - 60 : 0;
  return "sizes " + std::to_string(expected.size()) + " and " + std::to_string(actual.size()) +
         ", they differ from byte " + std::to_string(at) + "\n  expected: …" +
         quoted(expected.substr(from, 160)) + "\n  actual:   …" + quoted(actual.substr(from, 160)) +
         '\n';
}

}  // namespace redactd::test
