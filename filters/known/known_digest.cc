#include "filters/known/known_digest.h"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>
#include <string_view>

namespace redactd {

std::string known_digest(const std::vector<Rule>& rules, const std::vector<uint32_t>& numbers) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  auto add = [&](std::string_view bytes) {
    std::string size = std::to_string(bytes.size()) + ':';
    good = good && EVP_DigestUpdate(context.get(), size.data(), size.size()) == 1 &&
           EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1;
  };
  for (uint32_t number : numbers) {
    const Rule& rule = rules[number];
    add(rule.encodings ? "encoded" : "plain");
    add(std::to_string(rule.values.size()));
    for (const std::string& value : rule.values) add(value);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!good || EVP_DigestFinal_ex(context.get(), digest, &size) != 1)
    throw std::runtime_error("SHA-256 failed");
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace redactd
