#pragma once

#include <string_view>

namespace redactd {

/// 2048 words in alphabetic order, a blank behind each (BIP-39).
extern const std::string_view kBip39Words;

}  // namespace redactd
