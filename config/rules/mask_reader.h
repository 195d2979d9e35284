#pragma once

// The key `mask` of a rule and of the configuration.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "config/yaml_reader.h"
#include "filters/rule.h"

namespace redactd {

extern const std::vector<std::string_view> kMaskKeys;
extern const std::vector<std::string_view> kMaskStyles;  // in the order of MaskStyle
inline constexpr size_t kMostMaskKeep = 16;              // MaskSpec::keep, which is at least 1

/// Errors go to the reader's diagnostics. Nothing when it is no map.
std::optional<MaskSpec> parse_mask(const YamlReader& reader);

}  // namespace redactd
