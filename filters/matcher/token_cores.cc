#include "filters/matcher/token_cores.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace redactd {
namespace {

// What makes a beginning distinctive: 24 bits of base64 stand in random text once in 16 million
// digits, and the whole core is looked at before anything is masked.
constexpr size_t kMostInDigits = 12;  // bytes of it that the matcher sees in base64 and hexadecimal
constexpr size_t kLeastPrefix = 4;    // bytes
constexpr double kLeastPrefixBits = 28;
constexpr double kLeastCoreBits = 40;
constexpr size_t kMostPrefix = 24;   // bytes of it that the matcher sees
constexpr size_t kLeastRun = 5;      // bytes in a row without an escape, among others with one
constexpr size_t kMostOfPrefix = 8;  // members of a class that may stand in the prefix
constexpr size_t kWidestCore = 48;
constexpr size_t kMostAlternatives = 64;

using Sequence = std::vector<uint16_t>;  // numbers of classes
using Sequences = std::vector<Sequence>;

uint16_t just(char c) { return static_cast<unsigned char>(c); }

/// Reads what token patterns are made of: literals, classes, groups of alternatives, `{n}`.
/// `number_of` gives the number of a class.
template <typename NumberOf>
class PatternReader {
 public:
  PatternReader(std::string_view pattern, NumberOf number_of)
      : text_(pattern), number_of_(number_of) {}

  /// Nothing: the pattern holds something else.
  std::optional<Sequences> read() {
    std::optional<Sequences> all = alternatives();
    return all && at_ == text_.size() ? all : std::nullopt;
  }

 private:
  std::optional<Sequences> alternatives() {
    Sequences all;
    while (true) {
      std::optional<Sequences> one = sequence();
      if (!one) return std::nullopt;
      all.insert(all.end(), one->begin(), one->end());
      if (all.size() > kMostAlternatives) return std::nullopt;
      if (at_ == text_.size() || text_[at_] != '|') return all;
      ++at_;
    }
  }

  std::optional<Sequences> sequence() {
    Sequences all = {{}};
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      std::optional<Sequences> part = atom();
      std::optional<size_t> times = part ? repeats() : std::nullopt;
      if (!times || *times > kWidestCore) return std::nullopt;
      for (size_t i = 0; i < *times; ++i) {
        if (!append(all, *part)) return std::nullopt;
      }
    }
    return all;
  }

  static bool append(Sequences& all, const Sequences& part) {
    if (all.size() * part.size() > kMostAlternatives) return false;
    Sequences joined;
    for (const Sequence& head : all) {
      for (const Sequence& tail : part) {
        joined.push_back(head);
        joined.back().insert(joined.back().end(), tail.begin(), tail.end());
      }
    }
    all = std::move(joined);
    return true;
  }

  std::optional<Sequences> atom() {
    char c = text_[at_];
    if (c == '(') return group();
    if (c == '[') return bracket();
    if (c == '\\') {
      if (at_ + 1 == text_.size() || is_alnum(text_[at_ + 1])) return std::nullopt;
      at_ += 2;
      return Sequences{{just(text_[at_ - 1])}};
    }
    if (std::string_view(".^$*+?{}").find(c) != std::string_view::npos) return std::nullopt;
    ++at_;
    return Sequences{{just(c)}};
  }

  std::optional<Sequences> group() {
    if (text_.substr(at_, 3) != "(?:") return std::nullopt;
    at_ += 3;
    std::optional<Sequences> inside = alternatives();
    if (!inside || at_ == text_.size()) return std::nullopt;
    ++at_;  // the closing parenthesis
    return inside;
  }

  std::optional<Sequences> bracket() {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != ']') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size() || text_[at_ + 1] == '^') return std::nullopt;
    std::optional<ByteClass> members = ByteClass::parse(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    if (!members || members->empty()) return std::nullopt;
    return Sequences{{number_of_(*members)}};
  }

  /// `{n}`, or one; nothing where the width would vary.
  std::optional<size_t> repeats() {
    if (at_ == text_.size()) return 1;
    if (std::string_view("*+?").find(text_[at_]) != std::string_view::npos) return std::nullopt;
    if (text_[at_] != '{') return 1;
    size_t times = 0;
    for (++at_; at_ < text_.size() && is_digit(text_[at_]) && times < 1000; ++at_)
      times = times * 10 + static_cast<size_t>(text_[at_] - '0');
    if (at_ == text_.size() || text_[at_] != '}') return std::nullopt;
    ++at_;
    return times;
  }

  std::string_view text_;
  NumberOf number_of_;
  size_t at_ = 0;
};

std::string one_of(const std::string& members) {
  std::string escaped;
  for (char c : members) {
    if (!is_alnum(c)) escaped += '\\';
    escaped += c;
  }
  return members.size() == 1 ? escaped : '[' + escaped + ']';
}

/// The digit of either base64 alphabet.
void append_digit(std::string& members, unsigned value) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  members += kDigits[value];
  if (value == 62) members += '-';
  if (value == 63) members += '_';
}

/// Some bits of a byte, `from` bits from its highest on, for each of the bytes.
std::bitset<64> part_of(const std::string& bytes, size_t from, size_t count) {
  std::bitset<64> values;
  for (char c : bytes) {
    unsigned byte = static_cast<unsigned char>(c);
    values.set(byte >> (8 - from - count) & ((1u << count) - 1));
  }
  return values;
}

/// What bits [bit, bit + 6) of the prefix can be, `before` unknown bytes standing before it. A
/// place of the prefix is the bytes that may stand there.
std::bitset<64> digit_values(const std::vector<std::string>& prefix, size_t before, size_t bit) {
  auto part = [&](size_t at, size_t from, size_t count) {
    bool known = at >= before && at - before < prefix.size();
    return known ? part_of(prefix[at - before], from, count)
                 : ~std::bitset<64>() >> (64 - (size_t{1} << count));
  };
  size_t of_first = std::min<size_t>(6, 8 - bit % 8);
  std::bitset<64> high = part(bit / 8, bit % 8, of_first);
  if (of_first == 6) return high;
  std::bitset<64> low = part(bit / 8 + 1, 0, 6 - of_first);
  std::bitset<64> values;
  for (size_t h = 0; h < 64; ++h) {
    if (high[h]) values |= low << (h << (6 - of_first));
  }
  return values;
}

/// The base64 digits that depend on the prefix alone, `before` bytes (0 to 2) standing before it in
/// its group. The digits at its ends that hold bits of its neighbours would make several literals
/// of each for the matcher.
std::string base64_expression(const std::vector<std::string>& prefix, size_t before) {
  std::string expression;
  size_t end = (before + prefix.size()) * 8;
  for (size_t bit = (before * 8 + 5) / 6 * 6; bit + 6 <= end; bit += 6) {
    std::bitset<64> values = digit_values(prefix, before, bit);
    std::string members;
    for (unsigned value = 0; value < 64; ++value) {
      if (values[value]) append_digit(members, value);
    }
    expression += one_of(members);
  }
  return expression;
}

std::string hex_expression(const std::vector<std::string>& prefix) {
  std::string expression;
  for (const std::string& bytes : prefix) {
    for (size_t from : {0, 4}) {
      std::bitset<64> values = part_of(bytes, from, 4);
      std::string digits;
      for (size_t value = 0; value < 16; ++value) {
        if (!values[value]) continue;
        digits += "0123456789abcdef"[value];
      }
      expression += one_of(digits);
    }
  }
  return expression;
}

/// The prefix as URLs have it, and with `\/` for slashes, where encoders do not leave it as it is;
/// empty: there is no such byte in it.
std::string escaped_expression(const std::vector<std::string>& prefix) {
  std::string expression;
  bool any = false;
  size_t run = 0;
  size_t longest = 0;
  for (const std::string& bytes : prefix) {
    char c = bytes[0];
    if (c == '%' || c == '\\') return {};  // the rule has a pattern for the escape itself
    bool kept = is_alnum(c) || std::string_view("-_.~").find(c) != std::string_view::npos;
    run = kept && bytes.size() == 1 ? run + 1 : 0;
    longest = std::max(longest, run);
    if (bytes.size() > 1 || kept) {
      expression += one_of(bytes);
      continue;
    }
    any = true;
    std::string code = hex_expression({bytes});
    std::string upper = code;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char digit) {
      return is_lower(digit) ? static_cast<char>(digit - 'a' + 'A') : digit;
    });
    expression += "(?:%" + code + (upper == code ? "" : "|%" + upper);
    expression += c == ' ' ? "|\\+)" : c == '/' ? "|\\\\/)" : ")";
  }
  return any && longest >= kLeastRun ? expression : std::string();
}

/// Expressions as one, each of them once.
std::string any_of(std::vector<std::string> expressions) {
  std::sort(expressions.begin(), expressions.end());
  expressions.erase(std::unique(expressions.begin(), expressions.end()), expressions.end());
  std::string all;
  for (const std::string& expression : expressions) all += (all.empty() ? "" : "|") + expression;
  return "(?:" + all + ")";
}

Sequence literal(std::string_view text) {
  Sequence bytes;
  for (char c : text) bytes.push_back(just(c));
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
  Sequences cores;
  bool marker = rule.kind == RuleKind::block && rule.body == BlockBody::key_material;
  if (marker) cores.push_back(literal(fixed_part(rule.begin)));
  if (rule.kind == RuleKind::token && rule.prefix.empty()) {
    auto number_of_class = [this](const ByteClass& members) { return number_of(members); };
    for (const std::string& pattern : rule.patterns) {
      std::optional<Sequences> some = PatternReader(pattern, number_of_class).read();
      if (some) cores.insert(cores.end(), some->begin(), some->end());
    }
  }
  std::vector<std::string> base64;
  std::vector<std::string> hex;
  std::vector<std::string> escaped;
  for (Sequence& core : cores) {
    std::vector<std::string> prefix = prefix_of(core);
    if (prefix.empty()) continue;
    if (std::string escapes = escaped_expression(prefix); !escapes.empty())
      escaped.push_back(std::move(escapes));
    prefix.resize(std::min(prefix.size(), kMostInDigits));
    for (size_t before = 0; before < 3; ++before)
      base64.push_back(base64_expression(prefix, before));
    hex.push_back(hex_expression(prefix));
    if (!muted) note({number, marker, std::move(core)});
  }
  if (base64.empty()) return {};
  std::vector<Wanted> wanted = {{TextEncoding::base64, any_of(std::move(base64))},
                                {TextEncoding::hex, "(?i)" + any_of(std::move(hex))}};
  if (!escaped.empty()) wanted.push_back({TextEncoding::escapes, any_of(std::move(escaped))});
  return wanted;
}

uint16_t TokenCores::number_of(const ByteClass& members) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    if (members.has(static_cast<char>(byte))) bytes += static_cast<char>(byte);
  }
  if (bytes.size() == 1) return just(bytes[0]);
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
  for (uint32_t key : keys) {
    keys_.emplace_back(key, static_cast<uint32_t>(cores_.size()));
    filter_.set(hash(key));
  }
  cores_.push_back(std::move(core));
}

void TokenCores::build() {
  std::sort(keys_.begin(), keys_.end());
  classes_.resize(bytes_.size());
  for (size_t i = 0; i < bytes_.size(); ++i) {
    for (char c : bytes_[i]) classes_[i].add(static_cast<unsigned char>(c));
  }
}

size_t TokenCores::first_with(uint32_t key) const {
  auto found = std::lower_bound(keys_.begin(), keys_.end(), std::pair<uint32_t, uint32_t>(key, 0));
  return static_cast<size_t>(found - keys_.begin());
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
