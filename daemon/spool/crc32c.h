#pragma once

#include <cstdint>
#include <string_view>

namespace redactd {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, going on from `before`, which is the
/// CRC of what stands in front of them. By the processor's instruction where it has one.
uint32_t crc32c(std::string_view bytes, uint32_t before = 0);

/// The same without the instruction: what crc32c() is tested against.
uint32_t crc32c_portable(std::string_view bytes, uint32_t before = 0);

}  // namespace redactd
