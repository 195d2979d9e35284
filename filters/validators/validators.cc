#include "filters/validators/validators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "filters/byte_class.h"
#include "filters/validators/byte_window.h"
#include "filters/validators/personal_data.h"
#include "filters/validators/randomness.h"
#include "filters/validators/wallet.h"

namespace redactd {
namespace {

constexpr size_t kLookedAt = kMostValidated;
constexpr size_t kChecksumBody = 30;  // of a GitHub or npm token, without its prefix
constexpr size_t kChecksum = 6;

/// By how much n · log2(n) grows with the next n, for all counts that there can be.
const std::array<double, kLookedAt>& growth_of_times_log2() {
  static const std::array<double, kLookedAt> kGrowth = [] {
    std::array<double, kLookedAt> growth{};
    for (unsigned n = 0; n < growth.size(); ++n) growth[n] = times_log2(n + 1) - times_log2(n);
    return growth;
  }();
  return kGrowth;
}

constexpr std::array<int8_t, 256> kBase64Digits = [] {
  std::array<int8_t, 256> digits{};
  for (unsigned byte = 0; byte < digits.size(); ++byte) {
    const char c = static_cast<char>(byte);
    int digit = -1;
    if (is_upper(c)) digit = c - 'A';
    if (is_lower(c)) digit = c - 'a' + 26;
    if (is_digit(c)) digit = c - '0' + 52;
    if (c == '+' || c == '-') digit = 62;
    if (c == '/' || c == '_') digit = 63;
    digits[byte] = static_cast<int8_t>(digit);
  }
  return digits;
}();
int base64_digit(char c) { return kBase64Digits[static_cast<unsigned char>(c)]; }

bool changes_case_often(std::string_view bytes) {
  size_t changes = 0;
  for (size_t i = 1; i < bytes.size(); ++i) changes += changes_case(bytes[i - 1], bytes[i]);
  return is_often(changes, bytes.size());
}

constexpr std::array<uint32_t, 256> kCrcOfByte = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    table[byte] = crc;
  }
  return table;
}();

/// As in gzip and PNG (ISO 3309).
uint32_t crc32(std::string_view bytes) {
  uint32_t crc = 0xffffffffu;
  for (char c : bytes) crc = (crc >> 8) ^ kCrcOfByte[(crc ^ static_cast<unsigned char>(c)) & 0xffu];
  return ~crc;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

/// A short text cannot have the entropy of a long one: at most log2 of its length.
double reachable(double threshold, size_t size) {
  return std::min(threshold, 0.9 * std::log2(static_cast<double>(std::max<size_t>(size, 2))));
}

bool decodes_to_user_and_password(std::string_view text) {
  SecretText decoded = decode_base64(text, 256);
  size_t colon = decoded.find(':');
  return colon != SecretText::npos &&
         std::all_of(decoded.begin(), decoded.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
}

/// 123456, 123-456, 123-456-789
bool is_code_of_digits(std::string_view text) {
  constexpr size_t kShortest = 3;
  constexpr size_t kLongest = 10;
  constexpr size_t kMostDashes = 2;
  if (text.size() > kLongest + kMostDashes || text.starts_with('-') || text.ends_with('-'))
    return false;
  auto digits = static_cast<size_t>(std::count_if(text.begin(), text.end(), is_digit));
  auto dashes = static_cast<size_t>(std::count(text.begin(), text.end(), '-'));
  return digits >= kShortest && digits <= kLongest && digits + dashes == text.size() &&
         dashes <= kMostDashes && text.find("--") == std::string_view::npos;
}

/// Twelve or more short words with a blank between them.
bool is_phrase(std::string_view text) {
  constexpr size_t kFewestWords = 12;
  constexpr size_t kShortestWord = 3;
  constexpr size_t kLongestWord = 8;
  size_t words = 0;
  for (size_t at = 0; at <= text.size(); ++words) {
    size_t end = std::min(text.find_first_of(" ,", at), text.size());
    std::string_view word = text.substr(at, end - at);
    if (word.size() < kShortestWord || word.size() > kLongestWord ||
        !std::all_of(word.begin(), word.end(), is_lower))
      return false;
    at = end + (text.substr(end, 2) == ", " ? 2 : 1);
  }
  return words >= kFewestWords;
}

}  // namespace

double entropy(std::string_view bytes) {
  bytes = bytes.substr(0, kLookedAt);
  if (bytes.empty()) return 0;
  const std::array<double, kLookedAt>& growth = growth_of_times_log2();
  std::array<uint16_t, 256> counts{};
  double sum = 0;
  for (char c : bytes) sum += growth[counts[static_cast<unsigned char>(c)]++];
  auto size = static_cast<unsigned>(bytes.size());
  return (times_log2(size) - sum) / size;
}

bool is_mixed(std::string_view bytes) {
  bytes = bytes.substr(0, kLookedAt);
  if (std::any_of(bytes.begin(), bytes.end(), is_digit))
    return std::any_of(bytes.begin(), bytes.end(), is_letter);
  return bytes.size() >= kShortestRandomLetters && changes_case_often(bytes);
}

bool is_scrambled(std::string_view bytes) {
  size_t seen = 0;
  size_t changes = 0;
  uint8_t last = kOther;
  for (char c : bytes.substr(0, kLookedAt)) {
    const uint8_t now = case_of(c);
    if (now == kOther) continue;
    changes += change(last, now);
    last = now;
    ++seen;
  }
  return is_scrambled(changes, seen);
}

std::string token_checksum(std::string_view body) {
  static constexpr std::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text(kChecksum, '0');
  uint32_t rest = crc32(body);
  for (size_t i = kChecksum; i > 0 && rest != 0; --i, rest /= 62) text[i - 1] = kDigits[rest % 62];
  return text;
}

bool has_token_checksum(std::string_view token) {
  if (token.size() < kChecksumBody + kChecksum) return false;
  std::string_view body = token.substr(token.size() - kChecksum - kChecksumBody, kChecksumBody);
  return token.ends_with(token_checksum(body));
}

bool is_base64(std::string_view bytes) {
  size_t end = bytes.size();
  while (end > 0 && bytes.size() - end < 2 && bytes[end - 1] == '=') --end;
  std::string_view digits = bytes.substr(0, end);
  return !digits.empty() && digits.size() % 4 != 1 &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return base64_digit(c) >= 0; });
}

SecretText decode_base64(std::string_view bytes, size_t most) {
  SecretText result(std::min(most, bytes.size()), '\0');
  size_t size = 0;
  unsigned held = 0;
  int bits = 0;
  for (char c : bytes) {
    int digit = base64_digit(c);
    if (digit < 0 || size >= most) break;
    held = (held << 6) | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      result[size++] = static_cast<char>((held >> bits) & 0xff);
    }
  }
  result.resize(size);
  return result;
}

bool is_jwt(std::string_view bytes) {
  size_t work = 0;
  return JwtHeaders().is_jwt(bytes, 0, bytes.size(), work);
}

bool luhn(std::string_view bytes) {
  int sum = 0;
  size_t digits = 0;
  for (size_t i = bytes.size(); i > 0; --i) {
    char c = bytes[i - 1];
    if (!is_digit(c)) continue;
    int digit = c - '0';
    if (digits % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
    ++digits;
  }
  return digits > 0 && sum % 10 == 0;
}

bool looks_like_hash(std::string_view bytes) {
  if (is_uuid(bytes)) return true;
  static constexpr std::array<size_t, 9> kLengths = {16, 32, 40, 48, 56, 64, 96, 128, 24};
  return std::find(kLengths.begin(), kLengths.end(), bytes.size()) != kLengths.end() &&
         std::all_of(bytes.begin(), bytes.end(), is_hex);
}

bool asks_for_randomness(const std::vector<Validator>& validators) {
  return std::any_of(validators.begin(), validators.end(), [](const Validator& validator) {
    return validator.kind == Validator::Kind::mixed || validator.kind == Validator::Kind::scrambled;
  });
}

std::optional<Verdict> failed_validator(const std::vector<Validator>& validators,
                                        std::string_view candidate, bool cut_off,
                                        OverlappingCandidates* overlapping) {
  const std::string_view head = candidate.substr(0, kLookedAt);
  for (const Validator& validator : validators) {
    switch (validator.kind) {
      case Validator::Kind::entropy:
        if ((overlapping != nullptr ? overlapping->entropy() : entropy(candidate)) <
            reachable(validator.threshold, candidate.size()))
          return Verdict::low_entropy;
        break;
      case Validator::Kind::mixed:
        if (overlapping != nullptr
                ? !overlapping->is_mixed() && !(cut_off && overlapping->changes_case_often())
                : !is_mixed(candidate) && !(cut_off && changes_case_often(head)))
          return Verdict::not_mixed;
        break;
      case Validator::Kind::jwt:
        if (overlapping != nullptr ? !overlapping->is_jwt() : !is_jwt(candidate))
          return Verdict::not_a_jwt;
        break;
      case Validator::Kind::base64:
        if (!cut_off && !is_base64(candidate)) return Verdict::not_base64;
        break;
      case Validator::Kind::luhn:
        if (!luhn(candidate)) return Verdict::luhn_fails;
        break;
      case Validator::Kind::not_hash:
        if (looks_like_hash(candidate)) return Verdict::looks_like_hash;
        break;
      case Validator::Kind::userpass:
        if (!decodes_to_user_and_password(candidate)) return Verdict::not_userpass;
        break;
      case Validator::Kind::scrambled:
        if (overlapping != nullptr ? !overlapping->is_scrambled() : !is_scrambled(candidate))
          return Verdict::not_scrambled;
        break;
      case Validator::Kind::crc32:
        if (!has_token_checksum(candidate)) return Verdict::wrong_checksum;
        break;
      case Validator::Kind::card:
        if (!is_card(candidate)) return Verdict::wrong_checksum;
        break;
      case Validator::Kind::iban:
        if (!is_iban(candidate)) return Verdict::wrong_checksum;
        break;
      case Validator::Kind::bip39:
        if (!is_bip39_phrase(candidate)) return Verdict::wrong_checksum;
        break;
      case Validator::Kind::wif:
        if (!is_wif(candidate)) return Verdict::wrong_checksum;
        break;
      case Validator::Kind::code:
        if (!is_code_of_digits(candidate)) return Verdict::no_code;
        break;
      case Validator::Kind::phrase:
        if (!is_phrase(candidate)) return Verdict::no_phrase;
        break;
    }
  }
  return std::nullopt;
}

}  // namespace redactd
