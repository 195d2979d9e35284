#pragma once

// What is written in place of a secret. No mask holds a byte that could end a JSON string, a shell
// word, a logfmt value or a URL, and the label and fingerprint masks are recognised when they come
// round again.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/locked_bytes.h"
#include "filters/rule.h"

namespace redactd {

/// In place of a record that was masked whole.
inline constexpr std::string_view kWholeRecordMask = "[REDACTED:unscannable-record]";

/// The key of the `fingerprint` style. `id` stands in every mask, so that keys can be rotated.
struct FingerprintKey {
  std::string id;
  LockedBytes secret;
};

/// Names a secret without showing it, as the mask of the style `fingerprint` does:
/// `rule:key:digits`.
struct SecretFingerprint {
  std::string rule;
  std::string key;     // its id
  std::string digits;  // of the HMAC, hexadecimal

  std::string text() const { return rule + ':' + key + ':' + digits; }
};

/// Throws std::runtime_error when OpenSSL fails. `key.secret` may not be empty.
SecretFingerprint fingerprint(const FingerprintKey& key, std::string_view rule,
                              std::string_view secret);

/// Also with the rest of the mask around it; nothing when `text` is none.
std::optional<SecretFingerprint> parse_fingerprint(std::string_view text);

/// Why `text` cannot stand in a mask; empty when it can.
std::string refuse_mask_text(std::string_view text);

/// Why `id` cannot name a key; empty when it can.
std::string refuse_key_id(std::string_view id);

/// Renders masks. Immutable after construction; may be shared by threads.
class Masker {
 public:
  /// Throws std::invalid_argument when a style is `fingerprint` and there is no key, or a text is
  /// refused.
  Masker(const std::vector<Rule>& rules, const MaskSpec& standard, FingerprintKey key);

  /// Appends the mask for `secret`, found by rule number `rule`, to `out`. A label also says the
  /// rule's name number `name`, counted from 1.
  void append(uint32_t rule, std::string_view secret, std::string& out, size_t name = 0) const;

  /// Whether fixed_text() has one for any rule.
  bool has_fixed_texts() const { return has_fixed_texts_; }

  /// The text of the rule's mask where it is the same for every secret and none that mask_at()
  /// knows; else empty.
  std::string_view fixed_text(uint32_t rule) const;

  /// Its secret is empty when there is none.
  const FingerprintKey& key() const { return key_; }

  /// Whether append() writes this very label or fingerprint mask for some rule.
  bool writes(std::string_view mask) const;

 private:
  struct Style {
    MaskSpec spec;
    std::string label;               // of label and fingerprint, up to where the two differ
    std::vector<std::string> names;  // sorted
  };
  const Style* find_label(std::string_view label) const;

  std::vector<Style> styles_;
  bool has_fixed_texts_ = false;
  std::vector<uint32_t> by_label_;  // rules with a label in their mask, by the labels
  FingerprintKey key_;
};

}  // namespace redactd
