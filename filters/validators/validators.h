#pragma once

// Pure predicates on a candidate secret's bytes. None allocates; each looks at the first 4 KiB at
// most.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"
#include "filters/wiping_allocator.h"

namespace redactd {

class OverlappingCandidates;

/// Shannon entropy in bits a byte.
double entropy(std::string_view bytes);

/// Letters with digits among them, or letters that change case as often as random ones do: no
/// words, no camelCase.
bool is_mixed(std::string_view bytes);

/// Goes from lower to upper case, or between letters and digits, at least at every fifth byte, as
/// random text does and names do not, camelCase with a number behind it included. Other bytes are
/// passed over.
bool is_scrambled(std::string_view bytes);

/// The last six bytes of a GitHub or npm token, by the thirty before them: CRC-32 in base 62.
std::string token_checksum(std::string_view body);

/// Ends with the checksum of the thirty bytes before it.
bool has_token_checksum(std::string_view token);

/// Base64 or base64url text, with or without padding.
bool is_base64(std::string_view bytes);

/// Decodes base64 or base64url (at most `most` bytes of the result), stopping at the first foreign
/// byte.
SecretText decode_base64(std::string_view bytes, size_t most);

/// Begins with a base64url-encoded JSON object that names an algorithm or a type: a JWS or JWE
/// header (RFC 7515 §4, RFC 7516 §4), whole or cut off.
bool is_jwt(std::string_view bytes);

/// ISO/IEC 7812-1 Annex B, over the digits of `bytes`; false without any.
bool luhn(std::string_view bytes);

/// A UUID (RFC 9562), or plain hexadecimal as long as a digest (32, 40, 48, 56, 64, 96, 128) or a
/// trace or span id.
bool looks_like_hash(std::string_view bytes);

/// How much of a candidate is looked at.
inline constexpr size_t kMostValidated = 4096;

/// Whether what passes them has digits or capitals among its first kMostValidated bytes.
bool asks_for_randomness(const std::vector<Validator>& validators);

/// The reason why the candidate is refused; nothing when it passes every validator. `cut_off`: the
/// record's end cut it short, so it need not look like a whole one. `overlapping`:
/// has moved to the candidate, if it is not null.
std::optional<Verdict> failed_validator(const std::vector<Validator>& validators,
                                        std::string_view candidate, bool cut_off,
                                        OverlappingCandidates* overlapping = nullptr);

}  // namespace redactd
