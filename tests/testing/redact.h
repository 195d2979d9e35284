#pragma once

// Verbs for tests: text in, text out. Nothing here decides anything that a test is about.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filters/redactor.h"
#include "filters/rule_set.h"

namespace redactd::test {

using Rules = std::shared_ptr<const RuleSet>;

/// The rules that are part of the program, as `redactd` without options uses them; built once.
const Rules& builtin();

/// The same with another mask. `key` is for the fingerprint style.
Rules builtin_masking(const MaskSpec& mask, const FingerprintKey& key = {});

/// A pack given as YAML. A mistake in it fails the test, with the loader's diagnostics.
Rules rules_from(const std::string& yaml, const MaskSettings& masks = {});

/// Built from rules in memory; a mistake throws.
Rules rules_of(std::vector<Rule> rules, const MaskSettings& masks = {});

/// One `known` rule with the id `known`.
Rules known_values(std::vector<std::string> values);

std::string redact(std::string_view text, const Rules& rules = builtin(), Limits limits = {});

/// The same bytes in several reads, cut before each offset in `cuts` (rising).
std::string redact_in_chunks(std::string_view text, const std::vector<size_t>& cuts,
                             const Rules& rules = builtin(), Limits limits = {});

/// In reads of `size` bytes.
std::string redact_in_reads_of(size_t size, std::string_view text, const Rules& rules = builtin(),
                               Limits limits = {});

/// The ids of the rules that masked something, in order of their place.
std::vector<std::string> masking_rules(std::string_view text, const Rules& rules = builtin());

/// A line with templates and «secrets» filled; a mistake in it fails the test.
struct Filled {
  std::string text;
  std::vector<std::string> secrets;
};
Filled fill(std::string_view source, std::string_view seed = "test");

/// What stands in place of a secret of rule `id` by default.
std::string label(std::string_view id);

size_t count_of(std::string_view text, std::string_view part);

/// A short report of the first place where two texts differ; empty when they are equal. Keeps a
/// failure in a long text readable.
std::string first_difference(std::string_view expected, std::string_view actual);

}  // namespace redactd::test
