#include "filters/matcher/token_cores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "filters/matcher/encoded_expressions.h"
#include "filters/matcher/token_pattern.h"

namespace redactd {
namespace {

// What makes a beginning distinctive: 24 bits of base64 stand in random text once in 16 million
// digits, and the whole core is looked at before anything is masked.
constexpr size_t kMostInDigits = 12;  // bytes of it that the matcher sees in base64 and hexadecimal
constexpr size_t kLeastPrefix = 4;    // bytes
constexpr double kLeastPrefixBits = 28;
constexpr double kLeastCoreBits = 40;
constexpr size_t kMostPrefix = 24;   // bytes of it that the matcher sees
constexpr size_t kMostOfPrefix = 8;  // members of a class that may stand in the prefix

ClassSequence literal(std::string_view text) {
  ClassSequence bytes;
  for (char c : text) bytes.push_back(class_of(c));
  return bytes;
}

/// The longest run of plain bytes in a marker's expression, of equals the last one. An optional
/// group is no part of it.
std::string_view fixed_part(std::string_view expression) {
  std::string_view longest;
  size_t begin = 0;
  for (size_t i = 0; i <= expression.size(); ++i) {
    bool plain = i < expression.size() &&
                 (is_alnum(expression[i]) ||
                  std::string_view(" -:_").find(expression[i]) != std::string_view::npos);
    if (plain) continue;
    std::string_view run = expression.substr(begin, i - begin);
    if (run.size() >= longest.size()) longest = run;
    if (i < expression.size() && expression[i] == '(') break;
    if (i < expression.size() && expression[i] == '[') i = expression.find(']', i);
    if (i == std::string_view::npos) break;
    if (i < expression.size() && expression[i] == '{') i = expression.find('}', i);
    if (i == std::string_view::npos) break;
    begin = i + 1;
  }
  return longest;
}

/// Whether it begins with one letter several times, so that it might be reported all along a run of
/// it. Where a word has to begin, a token does so at the run's beginning, or a few bytes behind.
bool begins_run(const Prefix& prefix) {
  return prefix[0].size() == 1 && is_letter(prefix[0][0]) &&
         std::all_of(prefix.begin(), prefix.begin() + kLeastPrefix,
                     [&](const std::string& bytes) { return bytes == prefix[0]; });
}

}  // namespace

TokenCores::TokenCores() : bytes_(256) {
  for (size_t byte = 0; byte < 256; ++byte) bytes_[byte] = static_cast<char>(byte);
}

std::vector<std::string> TokenCores::escape_expressions() {
  std::vector<std::string> expressions;
  for (const char* opening : {R"(\\u00)", R"(\\x)", "%"}) {
    // Of letters, digits, `-` and `_`.
    for (const char* digits :
         {"2[dD]", "3[0-9]", "4[1-9A-Fa-f]", "5[0-9AaFf]", "6[1-9A-Fa-f]", "7[0-9Aa]"})
      expressions.push_back(std::string("(?:") + opening + digits + ')');
  }
  return expressions;
}

std::vector<TokenCores::Wanted> TokenCores::add(const Rule& rule, uint32_t number, bool muted) {
  std::vector<ClassSequence> cores;
  bool marker = rule.kind == RuleKind::block && rule.body == BlockBody::key_material;
  if (marker) cores.push_back(literal(fixed_part(rule.begin)));
  if (rule.kind == RuleKind::token && rule.prefix.empty()) {
    for (const std::string& pattern : rule.patterns) {
      auto some = read_token_pattern(
          pattern, [this](const ByteClass& members) { return number_of(members); });
      if (some) cores.insert(cores.end(), some->begin(), some->end());
    }
  }
  std::vector<Wanted> wanted;
  for (ClassSequence& core : cores) {
    std::vector<std::string> prefix = prefix_of(core);
    if (prefix.empty()) continue;
    if (std::string escapes = escaped_expression(prefix); !escapes.empty())
      wanted.push_back({TextEncoding::escapes, std::move(escapes)});
    prefix.resize(std::min(prefix.size(), kMostInDigits));
    const bool run = !marker && rule.boundary == Boundary::word && begins_run(prefix);
    for (size_t before = 0; before < 3; ++before) {
      wanted.push_back({TextEncoding::base64, run ? base64_run_expression(prefix, before)
                                                  : base64_expression(prefix, before)});
    }
    wanted.push_back(
        {TextEncoding::hex, run ? hex_run_expression(prefix) : hex_expression(prefix)});
    if (!muted) note({number, marker, marker || rule.boundary == Boundary::none, std::move(core)});
  }
  return wanted;
}

uint16_t TokenCores::number_of(const ByteClass& members) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    if (members.has(static_cast<char>(byte))) bytes += static_cast<char>(byte);
  }
  if (bytes.size() == 1) return class_of(bytes[0]);
  auto found = std::find(bytes_.begin() + 256, bytes_.end(), bytes);
  if (found == bytes_.end()) found = bytes_.insert(bytes_.end(), std::move(bytes));
  return static_cast<uint16_t>(found - bytes_.begin());
}

/// The bytes that may stand at the core's first places, if they tell it from random text; else
/// nothing.
std::vector<std::string> TokenCores::prefix_of(const std::vector<uint16_t>& core) const {
  double bits = 0;
  double prefix_bits = 0;
  std::vector<std::string> prefix;
  for (size_t i = 0; i < core.size(); ++i) {
    const std::string& bytes = bytes_[core[i]];
    bits += 8 - std::log2(static_cast<double>(bytes.size()));
    if (prefix.size() == i && i < kMostPrefix && bytes.size() <= kMostOfPrefix) {
      prefix.push_back(bytes);
      prefix_bits = bits;
    }
  }
  bool distinctive = prefix.size() >= kLeastPrefix && prefix_bits >= kLeastPrefixBits &&
                     bits >= kLeastCoreBits && core.size() <= kWidestCore;
  return distinctive ? prefix : std::vector<std::string>();
}

/// Under every key that its first bytes can be.
void TokenCores::note(Core core) {
  std::vector<uint32_t> keys = {0};
  for (size_t i = 0; i < kKeyBytes; ++i) {
    std::vector<uint32_t> longer;
    for (uint32_t key : keys) {
      for (char c : bytes_[core.classes[i]])
        longer.push_back(key << 8 | static_cast<unsigned char>(c));
    }
    keys = std::move(longer);
  }
  for (uint32_t key : keys) keys_.emplace_back(key, static_cast<uint32_t>(cores_.size()));
  cores_.push_back(std::move(core));
}

void TokenCores::build() {
  std::sort(keys_.begin(), keys_.end(), [](const auto& a, const auto& b) {
    return std::pair(bucket_of(a.first), a) < std::pair(bucket_of(b.first), b);
  });
  buckets_.assign((size_t{1} << kBucketBits) + 1, 0);
  for (const auto& [key, core] : keys_) ++buckets_[bucket_of(key) + 1];
  sieve_.assign((size_t{1} << kSieveBits) / 64, 0);
  sieve_anywhere_ = sieve_;
  for (const auto& [key, core] : keys_) {
    const uint32_t bit = key * kMix >> (32 - kSieveBits);
    sieve_[bit / 64] |= uint64_t{1} << (bit % 64);
    if (cores_[core].anywhere) sieve_anywhere_[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  std::partial_sum(buckets_.begin(), buckets_.end(), buckets_.begin());
  classes_.resize(bytes_.size());
  for (size_t i = 0; i < bytes_.size(); ++i) {
    for (char c : bytes_[i]) classes_[i].add(static_cast<unsigned char>(c));
  }
}

/// Its first kKeyBytes are known to.
bool TokenCores::matches(const Core& core, std::string_view bytes) const {
  if (bytes.size() < core.classes.size()) return false;
  for (size_t i = kKeyBytes; i < core.classes.size(); ++i) {
    if (!classes_[core.classes[i]].has(bytes[i])) return false;
  }
  return true;
}

}  // namespace redactd
