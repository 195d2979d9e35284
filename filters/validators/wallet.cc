#include "filters/validators/wallet.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

#include "filters/byte_class.h"
#include "filters/validators/bip39_words.h"
#include "filters/wiping_allocator.h"

namespace redactd {
namespace {

constexpr size_t kBitsOfWord = 11;
constexpr size_t kChecksum = 4;  // bytes of base58check
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

using Digest = std::array<unsigned char, 32>;

Digest sha256(const void* bytes, size_t size) {
  Digest digest{};
  unsigned written = 0;
  if (EVP_Digest(bytes, size, digest.data(), &written, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 failed");
  return digest;
}

const std::vector<std::string_view>& words() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> list;
    std::string_view rest = kBip39Words;
    for (size_t end = rest.find(' '); end != std::string_view::npos; end = rest.find(' ')) {
      list.push_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return list;
  }();
  return all;
}

/// Words stand between blanks, commas, quotes or %20.
size_t next_word(std::string_view phrase, size_t at) {
  while (at < phrase.size() && !is_letter(phrase[at])) ++at;
  return at;
}

/// Big-endian base 58 to `size` bytes; nothing when it does not fit or holds another byte.
std::optional<SecretBytes> decode_base58(std::string_view text, size_t size) {
  SecretBytes bytes(size);
  for (char c : text) {
    size_t digit = kBase58.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    size_t carry = digit;
    for (size_t i = size; i > 0; --i) {
      carry += size_t{58} * bytes[i - 1];
      bytes[i - 1] = static_cast<unsigned char>(carry & 0xff);
      carry >>= 8;
    }
    if (carry != 0) return std::nullopt;
  }
  return bytes;
}

std::string encode_base58(SecretBytes bytes) {
  std::string text;
  while (std::any_of(bytes.begin(), bytes.end(), [](unsigned char byte) { return byte != 0; })) {
    size_t rest = 0;
    for (unsigned char& byte : bytes) {
      rest = rest * 256 + byte;
      byte = static_cast<unsigned char>(rest / 58);
      rest %= 58;
    }
    text += kBase58[rest];
  }
  return {text.rbegin(), text.rend()};
}

/// The first bytes of SHA-256 of SHA-256.
bool has_checksum(const SecretBytes& bytes) {
  size_t body = bytes.size() - kChecksum;
  Digest first = sha256(bytes.data(), body);
  Digest second = sha256(first.data(), first.size());
  return std::equal(second.begin(), second.begin() + kChecksum,
                    bytes.begin() + static_cast<std::ptrdiff_t>(body));
}

}  // namespace

bool is_bip39_phrase(std::string_view phrase) {
  std::vector<bool, WipingAllocator<bool>> bits;
  size_t count = 0;
  for (size_t at = next_word(phrase, 0); at < phrase.size(); at = next_word(phrase, at)) {
    SecretText word;
    while (at < phrase.size() && is_letter(phrase[at])) word += to_lower(phrase[at++]);
    auto found = std::lower_bound(words().begin(), words().end(), word);
    if (found == words().end() || *found != word) return false;
    auto number = static_cast<size_t>(found - words().begin());
    for (size_t bit = kBitsOfWord; bit > 0; --bit) bits.push_back((number >> (bit - 1) & 1) != 0);
    ++count;
  }
  if (count < 12 || count > 24 || count % 3 != 0) return false;
  size_t checksum = bits.size() / 33;
  SecretBytes entropy((bits.size() - checksum) / 8);
  for (size_t i = 0; i < entropy.size() * 8; ++i) {
    if (bits[i]) entropy[i / 8] = static_cast<unsigned char>(entropy[i / 8] | (0x80 >> (i % 8)));
  }
  Digest digest = sha256(entropy.data(), entropy.size());
  for (size_t i = 0; i < checksum; ++i) {
    bool wanted = (digest[0] >> (7 - i) & 1) != 0;
    if (bits[entropy.size() * 8 + i] != wanted) return false;
  }
  return true;
}

bool is_wif(std::string_view text) {
  // The network, 32 bytes of key, a 1 when the public key is compressed, the checksum.
  for (size_t size : {size_t{37}, size_t{38}}) {
    std::optional<SecretBytes> bytes = decode_base58(text, size);
    if (!bytes || ((*bytes)[0] != 0x80 && (*bytes)[0] != 0xef)) continue;
    if (size == 38 && (*bytes)[33] != 1) continue;
    if (has_checksum(*bytes)) return true;
  }
  return false;
}

std::string wif_of(std::string_view key) {
  SecretBytes bytes = {0x80};
  bytes.insert(bytes.end(), key.begin(), key.end());
  Digest first = sha256(bytes.data(), bytes.size());
  Digest second = sha256(first.data(), first.size());
  bytes.insert(bytes.end(), second.begin(), second.begin() + kChecksum);
  return encode_base58(bytes);
}

}  // namespace redactd
