#pragma once

// Bytes of a secret, overwritten when they are given back.

#include <cstddef>
#include <string>
#include <string_view>

#include "filters/wiping_allocator.h"

namespace redactd {

/// Never in place, as a short std::string is: always in memory of its own, which is wiped when it
/// is freed. So moving leaves nothing behind.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
  /// `size` zero bytes, to be filled through data().
  static Secret of_size(size_t size) {
    Secret secret;
    secret.bytes_.resize(size);
    return secret;
  }

  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  operator std::string_view() const { return view(); }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  char* data() { return bytes_.data(); }
  void append(std::string_view bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void shrink_to(size_t size) { bytes_.resize(size); }

  bool operator==(const Secret& other) const { return view() == other.view(); }

 private:
  WipedBuffer bytes_;
};

/// An exact secret and the name that its mask shows: `[REDACTED:known:NAME]`.
struct KnownValue {
  std::string name;
  Secret value;

  bool operator==(const KnownValue&) const = default;
};

}  // namespace redactd
