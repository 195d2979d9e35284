#include "filters/mask.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "filters/byte_class.h"
#include "filters/wiping_allocator.h"

namespace redactd {
namespace {

constexpr size_t kFingerprintHex = 8;

/// The first hexadecimal digits of HMAC-SHA-256 (RFC 2104) under the rule's id and the secret: the
/// same secret has another fingerprint under another rule.
std::string digits(const FingerprintKey& key, std::string_view rule, std::string_view secret) {
  SecretText message(rule);
  message += '\0';
  message += secret;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const std::string_view secret_key = key.secret.view();
  const unsigned char* done = HMAC(
      EVP_sha256(), secret_key.data(), static_cast<int>(secret_key.size()),
      reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &size);
  if (done == nullptr) throw std::runtime_error("HMAC-SHA-256 failed");
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (size_t i = 0; hex.size() < kFingerprintHex; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

/// At most a quarter of the secret shows, both ends together, and only bytes that need no quoting.
void append_partial(size_t keep, std::string_view secret, std::string& out) {
  size_t shown = std::min(keep, secret.size() / 8);
  for (size_t i = 0; i < secret.size(); ++i) {
    bool at_end = i < shown || i >= secret.size() - shown;
    out +=
        at_end && (is_alnum(secret[i]) || secret[i] == '-' || secret[i] == '_') ? secret[i] : '*';
  }
}

}  // namespace

SecretFingerprint fingerprint(const FingerprintKey& key, std::string_view rule,
                              std::string_view secret) {
  return {std::string(rule), key.id, digits(key, rule, secret)};
}

std::optional<SecretFingerprint> parse_fingerprint(std::string_view text) {
  constexpr std::string_view kOpen = "[REDACTED:";
  if (text.starts_with(kOpen) && text.ends_with(']')) {
    text.remove_prefix(kOpen.size());
    text.remove_suffix(1);
  }
  size_t last = text.rfind(':');
  size_t first = last == std::string_view::npos || last == 0 ? last : text.rfind(':', last - 1);
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  SecretFingerprint found{std::string(text.substr(0, first)),
                          std::string(text.substr(first + 1, last - first - 1)),
                          std::string(text.substr(last + 1))};
  bool fit = refuse_key_id(found.key).empty() && found.digits.size() == kFingerprintHex &&
             std::all_of(found.digits.begin(), found.digits.end(),
                         [](char c) { return is_hex(c) && !is_upper(c); });
  return fit ? std::optional(found) : std::nullopt;
}

std::string refuse_mask_text(std::string_view text) {
  if (text.empty()) return "is empty; give the text that stands in place of a secret";
  if (text.size() > 256) return "is longer than 256 bytes";
  static constexpr std::string_view kAllowed = "-_.:[]()*#+@,~";
  for (char c : text) {
    if (!is_alnum(c) && kAllowed.find(c) == std::string_view::npos) {
      return "may hold letters, digits and " + std::string(kAllowed) +
             " only: anything else can break JSON, quoting, logfmt or a URL";
    }
  }
  return {};
}

std::string refuse_key_id(std::string_view id) {
  bool fit = !id.empty() && id.size() <= 32 && std::all_of(id.begin(), id.end(), is_alnum);
  return fit ? std::string() : "must be 1 to 32 letters and digits";
}

Masker::Masker(const std::vector<Rule>& rules, const MaskSpec& standard, FingerprintKey key)
    : key_(std::move(key)) {
  for (const Rule& rule : rules) {
    Style style{rule.mask.value_or(standard), "[REDACTED:" + rule.id, rule.names};
    if (style.spec.style == MaskStyle::fixed) {
      has_fixed_texts_ = true;
      if (std::string why = refuse_mask_text(style.spec.text); !why.empty()) {
        throw std::invalid_argument("mask text " + why);
      }
    }
    if (style.spec.style == MaskStyle::fingerprint) {
      if (key_.secret.empty()) {
        throw std::invalid_argument(
            "the fingerprint mask needs a key: give a key file and a key id (there is no default "
            "key)");
      }
      if (std::string why = refuse_key_id(key_.id); !why.empty()) {
        throw std::invalid_argument("mask key id " + why);
      }
      style.label += ':' + key_.id + ':';
    } else {
      style.label += ']';
    }
    if (style.spec.style == MaskStyle::label || style.spec.style == MaskStyle::fingerprint)
      by_label_.push_back(static_cast<uint32_t>(styles_.size()));
    styles_.push_back(std::move(style));
  }
  std::sort(by_label_.begin(), by_label_.end(),
            [this](uint32_t a, uint32_t b) { return styles_[a].label < styles_[b].label; });
}

bool Masker::writes(std::string_view mask) const {
  if (mask == kWholeRecordMask) return true;
  // In structured data a backslash stands before the bracket.
  size_t size = mask.find_last_not_of("\\]") + 1;
  std::string label(mask.substr(0, size));
  // A fingerprint's label ends before the digits.
  std::string before_digits = label.substr(0, size - std::min(size, kFingerprintHex));
  if (find_label(label + ']') != nullptr || find_label(before_digits) != nullptr) return true;
  size_t colon = label.rfind(':');
  const Style* named =
      colon == std::string::npos ? nullptr : find_label(label.substr(0, colon) + ']');
  return named != nullptr &&
         std::binary_search(named->names.begin(), named->names.end(), label.substr(colon + 1));
}

const Masker::Style* Masker::find_label(std::string_view label) const {
  auto found = std::lower_bound(
      by_label_.begin(), by_label_.end(), label,
      [this](uint32_t rule, std::string_view wanted) { return styles_[rule].label < wanted; });
  return found != by_label_.end() && styles_[*found].label == label ? &styles_[*found] : nullptr;
}

std::string_view Masker::fixed_text(uint32_t rule) const {
  const MaskSpec& spec = styles_[rule].spec;
  return spec.style == MaskStyle::fixed ? std::string_view(spec.text) : std::string_view();
}

void Masker::append(uint32_t rule, std::string_view secret, std::string& out, size_t name) const {
  const Style& style = styles_[rule];
  switch (style.spec.style) {
    case MaskStyle::label:
      out += style.label;
      if (name == 0) return;
      out.back() = ':';
      out += style.names[name - 1];
      out += ']';
      return;
    case MaskStyle::fixed:
      out += style.spec.text;
      return;
    case MaskStyle::partial:
      append_partial(style.spec.keep, secret, out);
      return;
    case MaskStyle::fingerprint: {
      // The rule's id stands in the label between "[REDACTED:" and ":key id:".
      std::string_view id(style.label);
      id = id.substr(10, id.size() - 10 - key_.id.size() - 2);
      out += style.label;
      out += digits(key_, id, secret);
      out += ']';
      return;
    }
    case MaskStyle::length:
      out.append(secret.size(), '*');
      return;
  }
}

}  // namespace redactd
