#include "daemon/known/fingerprint.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include <array>
#include <stdexcept>

namespace redactd {

Fingerprints::Fingerprints() {
  std::array<char, 32> bytes{};
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()) != 1)
    throw std::runtime_error("no random bytes for a key");
  key_ = LockedBytes({bytes.data(), bytes.size()});
  explicit_bzero(bytes.data(), bytes.size());
}

std::string Fingerprints::of(std::string_view value) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const unsigned char* done = HMAC(
      EVP_sha256(), key_.view().data(), static_cast<int>(key_.view().size()),
      reinterpret_cast<const unsigned char*>(value.data()), value.size(), digest.data(), &size);
  if (done == nullptr) throw std::runtime_error("HMAC-SHA-256 failed");
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (size_t i = 0; i < 8; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

}  // namespace redactd
