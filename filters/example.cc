#include "filters/example.h"

#include <cstdint>
#include <optional>

#include "filters/byte_class.h"
#include "filters/validators/validators.h"
#include "filters/validators/wallet.h"

namespace redactd {
namespace {

constexpr std::string_view kOpen = "\xc2\xab";   // «
constexpr std::string_view kClose = "\xc2\xbb";  // »
constexpr size_t kLongest = 100000;

/// SplitMix64 over a seed's FNV-1a hash: the same on every machine.
class Generator {
 public:
  explicit Generator(std::string_view seed) {
    for (char c : seed) state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  char one_of(std::string_view members) { return members[next() % members.size()]; }

 private:
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t state_ = 14695981039346656037u;
};

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
const std::string kAlnum = std::string(kUpper) + std::string(kLower) + std::string(kDigits);

struct Alphabet {
  std::string_view name;
  std::string members;
};

const std::vector<Alphabet>& alphabets() {
  static const std::vector<Alphabet> all = {
      {"alnum", kAlnum},
      {"alpha", std::string(kUpper) + std::string(kLower)},
      {"lower", std::string(kLower)},
      {"upper", std::string(kUpper)},
      {"digits", std::string(kDigits)},
      {"hex", "0123456789abcdef"},
      {"HEX", "0123456789ABCDEF"},
      {"base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"},
      {"base64", kAlnum + "+/"},
      {"base64url", kAlnum + "-_"},
      {"UPPERNUM", std::string(kUpper) + std::string(kDigits)},
      {"lowernum", std::string(kLower) + std::string(kDigits)},
  };
  return all;
}

std::string random_text(Generator& generator, const std::string& members, size_t size) {
  std::string result;
  for (size_t i = 0; i < size; ++i) {
    char c = generator.one_of(members);
    bool at_end = i == 0 || i + 1 == size;
    while (at_end && !is_alnum(c)) c = generator.one_of(members);
    result += c;
  }
  return result;
}

/// A random UUID, version 4 (RFC 9562 §5.4).
std::string random_uuid(Generator& generator) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : result) {
    if (c == 'x') c = generator.one_of(kHex);
    if (c == 'y') c = generator.one_of("89ab");
  }
  return result;
}

std::string random_jwt(Generator& generator) {
  // {"alg":"HS256","typ":"JWT"} and {"sub":" in base64url, assembled so that no token stands in the
  // source.
  return std::string("ey") + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "eyJ" + "zdWIiOiI" +
         random_text(generator, kAlnum, 24) + "." + random_text(generator, kAlnum + "-_", 43);
}

/// What follows the prefix of a GitHub or npm token, with its checksum.
std::string random_checked(Generator& generator) {
  std::string body = random_text(generator, kAlnum, 30);
  return body + token_checksum(body);
}

/// The text for the template at `at` (on its `{`); nothing when it is none. Moves `at` past it.
std::optional<std::string> fill_template(std::string_view source, size_t& at,
                                         Generator& generator) {
  size_t close = source.find('}', at);
  if (close == std::string_view::npos || close - at > 24) return std::nullopt;
  std::string_view inside = source.substr(at + 1, close - at - 1);
  size_t colon = inside.find(':');
  std::string_view name = inside.substr(0, colon);
  size_t size = 0;
  if (colon != std::string_view::npos) {
    for (char c : inside.substr(colon + 1)) {
      if (!is_digit(c) || size > kLongest) return std::nullopt;
      size = size * 10 + static_cast<size_t>(c - '0');
    }
  }
  std::optional<std::string> result;
  if (inside == "uuid") result = random_uuid(generator);
  if (inside == "jwt") result = random_jwt(generator);
  if (inside == "checked") result = random_checked(generator);
  if (inside == "wif") result = wif_of(random_text(generator, kAlnum, 32));
  for (const Alphabet& alphabet : alphabets()) {
    if (name == alphabet.name && size > 0) result = random_text(generator, alphabet.members, size);
  }
  if (result) at = close + 1;
  return result;
}

}  // namespace

FilledExample fill_example(std::string_view source, std::string_view seed) {
  FilledExample filled;
  Generator generator(seed);
  std::optional<size_t> open;
  size_t at = 0;
  while (at < source.size()) {
    if (source.substr(at, kOpen.size()) == kOpen) {
      if (open) filled.error = "« stands inside « »";
      open = filled.text.size();
      at += kOpen.size();
    } else if (source.substr(at, kClose.size()) == kClose) {
      if (!open) {
        filled.error = "» has no « before it";
      } else {
        filled.secrets.push_back(filled.text.substr(*open));
        if (filled.secrets.back().empty()) filled.error = "nothing stands between « and »";
      }
      open.reset();
      at += kClose.size();
    } else if (std::optional<std::string> text;
               source[at] == '{' && (text = fill_template(source, at, generator))) {
      filled.text += *text;
    } else {
      filled.text += source[at++];
    }
  }
  if (open) filled.error = "« has no » after it";
  return filled;
}

FilledExample fill_example(const Rule& rule, size_t number) {
  return fill_example(rule.examples[number].source,
                      rule.id + "examples[" + std::to_string(number) + "]");
}

}  // namespace redactd
