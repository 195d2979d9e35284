#pragma once

// Values that are numbers: counts, sizes, versions, addresses, digests. None of them is empty.

#include <algorithm>
#include <string_view>

#include "filters/byte_class.h"

namespace redactd {

/// 12, 3.5, -1, 80%
bool is_number(std::string_view value);

/// 12/12: how many of how many.
bool is_ratio(std::string_view value);

/// 0x7f3a2b10c4d0
inline bool is_address(std::string_view value) {
  return value[0] == '0' && value.size() <= 18 &&
         (value.starts_with("0x") || value.starts_with("0X")) &&
         std::all_of(value.begin() + 2, value.end(), is_hex);
}

/// 30s, 1.5GB
bool is_duration_or_size(std::string_view value);

/// (1:4.13+dfsg1-1): the version behind a package's name.
bool is_version_in_parentheses(std::string_view value);

/// sha256:…, hmac-sha256:…: says itself that it is a digest.
bool is_digest(std::string_view value);

/// Linux-node-4f0c3a…: a cache's key, words and the digest of what it depends on.
bool ends_in_hash(std::string_view value);

}  // namespace redactd
