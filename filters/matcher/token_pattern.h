#pragma once

// What a token's pattern is made of.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "filters/byte_class.h"

namespace redactd {

/// Numbers of classes of bytes, one for each place. The class of one byte has that byte's number.
using ClassSequence = std::vector<uint16_t>;
inline uint16_t class_of(char c) { return static_cast<unsigned char>(c); }

using NumberOfClass = std::function<uint16_t(const ByteClass&)>;

/// More places than any token's core is known by.
inline constexpr size_t kWidestCore = 48;

/// The sequences of classes that a pattern stands for, one for each of its alternatives. Nothing:
/// there is more in it than literals, classes, groups of alternatives and `{n}`, or too much.
std::optional<std::vector<ClassSequence>> read_token_pattern(std::string_view pattern,
                                                             const NumberOfClass& number_of);

}  // namespace redactd
