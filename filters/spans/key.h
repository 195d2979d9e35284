#pragma once

// The keys of `value` rules: what the matcher looks for, and where in the text a key that it
// reported stands.

#include <cstddef>
#include <string>
#include <string_view>

#include "filters/rule.h"

namespace redactd {

/// The matcher's expression for a rule's keys: any of them, and the byte after it.
std::string key_expression(const Rule& rule);

/// Where the key of a match that ended at `anchor_end` ends: before the byte that ended the match
/// and the blanks between them.
size_t end_of_key(std::string_view text, size_t anchor_end);

/// Whether a separator can follow the key at all: the quick look that most words in sentences do
/// not pass.
bool separator_may_follow(std::string_view text, size_t key_end);

/// Where one of the rule's keys that ends before `key_end` starts; npos when none does.
size_t key_start(std::string_view text, size_t key_end, const Rule& rule);

}  // namespace redactd
