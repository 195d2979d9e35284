#include "filters/matcher/literal_head.h"

#include <algorithm>
#include <charconv>

namespace redactd {
namespace {

constexpr size_t kLeastHead = 3;
constexpr size_t kWidestTail = 64;

/// Bytes of the pattern that stand for one byte each, up to the first that may not.
struct Literal {
  size_t end = 0;  // in the pattern
  size_t width = 0;
};

Literal literal_at_start(std::string_view pattern) {
  constexpr ByteClass kPlain = alnum_and("_-:/=@,;~ ");
  Literal literal;
  while (literal.end < pattern.size()) {
    const bool escaped = pattern[literal.end] == '\\' && literal.end + 1 < pattern.size() &&
                         !is_alnum(pattern[literal.end + 1]);
    if (!escaped && !kPlain.has(pattern[literal.end])) break;
    literal.end += escaped ? 2 : 1;
    ++literal.width;
  }
  return literal;
}

/// Text and keys are full of `sk-`, `live_` and `API_KEY`, but hardly hold letters of both cases
/// like `eyJ`.
bool is_rare(std::string_view literal) {
  return literal.size() >= kLeastHead && std::any_of(literal.begin(), literal.end(), is_upper) &&
         std::any_of(literal.begin(), literal.end(), is_lower);
}

/// `{n}`, the whole of `text`; 0: something else.
size_t times(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return 0;
  size_t number = 0;
  const char* last = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data() + 1, last, number);
  return error == std::errc() && end == last ? number : 0;
}

/// `[A-Za-z0-9_-]{8}`
struct Tail {
  ByteClass members;
  size_t width = 0;
};

/// Nothing: `rest` is something else.
std::optional<Tail> tail_of(std::string_view rest) {
  if (!rest.starts_with('[') || rest.starts_with("[^")) return std::nullopt;
  size_t close = 1;
  while (close < rest.size() && rest[close] != ']') close += rest[close] == '\\' ? 2 : 1;
  if (close >= rest.size()) return std::nullopt;
  const std::optional<ByteClass> members = ByteClass::parse(rest.substr(1, close - 1));
  const size_t width = times(rest.substr(close + 1));
  if (!members || members->has('\n') || width == 0 || width > kWidestTail) return std::nullopt;
  return Tail{*members, width};
}

}  // namespace

std::optional<LiteralHead> literal_head(std::string_view pattern) {
  const Literal literal = literal_at_start(pattern);
  if (!is_rare(pattern.substr(0, literal.end))) return std::nullopt;
  const std::optional<Tail> tail = tail_of(pattern.substr(literal.end));
  if (!tail) return std::nullopt;
  return LiteralHead{std::string(pattern.substr(0, literal.end)), literal.width, tail->members,
                     tail->width};
}

std::optional<LiteralHead> run_head(std::string_view pattern) {
  constexpr size_t kLeastRun = 8;
  constexpr size_t kLongestEnd = 4;  // of an escape: \u00AA, %AA
  if (pattern.empty() || !is_letter(pattern[0])) return std::nullopt;
  const size_t close = std::min(pattern.find('}'), pattern.size() - 1);
  const size_t width = times(pattern.substr(1, close));
  const std::optional<Tail> tail = tail_of(pattern.substr(close + 1));
  if (width < kLeastRun || !tail) return std::nullopt;
  const std::string letter(1, pattern[0]);
  return LiteralHead{"(?:^|[^" + letter + "])" + std::string(pattern.substr(0, close + 1)), width,
                     tail->members, tail->width, kLongestEnd};
}

}  // namespace redactd
