#pragma once

// What wallets are opened with, told from ordinary text by its checksums.

#include <string>
#include <string_view>

namespace redactd {

/// 12, 15, 18, 21 or 24 words of the English list in any case, whatever stands between them, the
/// last bits of which are the checksum of the others (BIP-39).
bool is_bip39_phrase(std::string_view phrase);

/// A private key in wallet import format, of the main or the test network: base58 with the first
/// bytes of a double SHA-256 behind it.
bool is_wif(std::string_view text);

/// `key` (32 bytes) in that format, as an example.
std::string wif_of(std::string_view key);

}  // namespace redactd
