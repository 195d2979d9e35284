#pragma once

// What a token is recognised by, in encoded text. From the pattern of a token rule come its cores,
// a class of bytes for each place; from a core that begins with enough fixed bytes come the
// expressions that find it in base64 and hexadecimal, whatever stands around it there.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/byte_class.h"
#include "filters/rule.h"

namespace redactd {

/// How text may be spelt: base64 (RFC 4648 §4 and §5), hexadecimal, or bytes as `%67`, `\u0067`
/// and `\x67` among others that are not.
enum class TextEncoding : uint8_t { base64, hex, escapes };

/// The cores of a rule set's rules. Immutable and shared by threads after build().
class TokenCores {
 public:
  TokenCores();

  struct Wanted {
    TextEncoding encoding = TextEncoding::base64;
    std::string pattern;
  };
  /// Takes note of a rule, unless it is muted, and returns what the matcher has to look for to find
  /// it in encoded text. Nothing: its patterns are not distinctive enough, or not understood.
  std::vector<Wanted> add(const Rule& rule, uint32_t number, bool muted);
  /// Ends the adding.
  void build();
  /// Where a byte that needs no escape has one; a match ends with the escape. In one expression the
  /// matcher has no literal to look for.
  static std::vector<std::string> escape_expressions();

  /// The first bytes of a token, by their classes, or bytes that the begin marker of a block holds.
  struct Core {
    uint32_t rule = 0;
    bool marker = false;
    bool anywhere = false;  // a secret with it may begin where no word does
    std::vector<uint16_t> classes = {};
  };
  /// Calls found(core) for each core that stands at the beginning of `bytes`, of those that
  /// wanted(core) says yes to.
  template <typename Wanted, typename Found>
  void at(std::string_view bytes, Wanted wanted, Found found) const {
    if (bytes.size() < kKeyBytes) return;
    const uint32_t key = key_of(bytes);
    const size_t bucket = bucket_of(key);
    for (size_t i = buckets_[bucket]; i < buckets_[bucket + 1]; ++i) {
      if (keys_[i].first != key) continue;
      const Core& core = cores_[keys_[i].second];
      if (wanted(core) && matches(core, bytes)) found(core);
    }
  }

  /// Of the first bytes of any core, as a number with the first of them in its highest bits:
  /// whether a core may begin with them, but for a few others never if none does. `word`: a word
  /// begins there; else it has to be a core for anywhere.
  bool may_begin_with(uint32_t key, bool word) const {
    return sieve_has(word ? sieve_ : sieve_anywhere_, key);
  }
  /// Whether one does.
  bool begin_with(uint32_t key, bool word) const {
    const size_t bucket = bucket_of(key);
    for (size_t i = buckets_[bucket]; i < buckets_[bucket + 1]; ++i) {
      if (keys_[i].first == key && (word || cores_[keys_[i].second].anywhere)) return true;
    }
    return false;
  }

  static constexpr size_t kKeyBytes = 4;

 private:
  static constexpr size_t kBucketBits = 13;
  static constexpr size_t kSieveBits = 16;
  static constexpr uint32_t kMix = 2654435761u;

  static uint32_t key_of(std::string_view bytes) {
    uint32_t key = 0;
    for (size_t i = 0; i < kKeyBytes; ++i) key = key << 8 | static_cast<unsigned char>(bytes[i]);
    return key;
  }
  static size_t bucket_of(uint32_t key) { return key * kMix >> (32 - kBucketBits); }
  static bool sieve_has(const std::vector<uint64_t>& sieve, uint32_t key) {
    const uint32_t bit = key * kMix >> (32 - kSieveBits);
    return (sieve[bit / 64] >> (bit % 64) & 1u) != 0;
  }
  uint16_t number_of(const ByteClass& members);
  std::vector<std::string> prefix_of(const std::vector<uint16_t>& core) const;
  bool matches(const Core& core, std::string_view bytes) const;
  void note(Core core);

  std::vector<std::string> bytes_;  // of each class; the first 256 are single bytes
  std::vector<ByteClass> classes_;  // the same, after build()
  std::vector<Core> cores_;
  /// A core's first bytes and its number, sorted by their buckets; where each bucket begins.
  std::vector<std::pair<uint32_t, uint32_t>> keys_;
  std::vector<uint32_t> buckets_;
  std::vector<uint64_t> sieve_;           // a bit for each of the keys
  std::vector<uint64_t> sieve_anywhere_;  // of cores for anywhere
};

}  // namespace redactd
