#pragma once

#include <string>
#include <string_view>

#include "filters/locked_bytes.h"

namespace redactd {

/// Names values without showing them: HMAC-SHA-256 (RFC 2104) under a key that is made up for this
/// process and told to nobody, so that values cannot be guessed from it. The first 8 bytes, in
/// hexadecimal.
class Fingerprints {
 public:
  Fingerprints();
  Fingerprints(const Fingerprints&) = delete;
  Fingerprints& operator=(const Fingerprints&) = delete;

  std::string of(std::string_view value) const;

 private:
  LockedBytes key_;
};

}  // namespace redactd
