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

size_t width_of(const std::vector<LiteralHead::Part>& parts) {
  size_t width = 0;
  for (const LiteralHead::Part& part : parts) width += part.width;
  return width;
}

/// `{n}`, the whole of `text`; 0: something else.
size_t times(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return 0;
  size_t number = 0;
  const char* last = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data() + 1, last, number);
  return error == std::errc() && end == last ? number : 0;
}

/// `[A-Za-z0-9_-]{8}` or `:` at the beginning of `rest`, which it is taken off. Nothing: something
/// else.
std::optional<LiteralHead::Part> take_part(std::string_view& rest) {
  if (!rest.starts_with('[')) {
    const Literal literal = literal_at_start(rest.substr(0, 1));
    if (literal.width == 0) return std::nullopt;
    const ByteClass members = ByteClass::of(rest.substr(0, 1));
    rest.remove_prefix(1);
    return LiteralHead::Part{members, 1};
  }
  size_t close = 1;
  while (close < rest.size() && rest[close] != ']') close += rest[close] == '\\' ? 2 : 1;
  if (close >= rest.size() || rest.starts_with("[^")) return std::nullopt;
  const std::optional<ByteClass> members = ByteClass::parse(rest.substr(1, close - 1));
  const size_t end = rest.find('}', close);
  if (!members || members->has('\n') || end == std::string_view::npos) return std::nullopt;
  const size_t width = times(rest.substr(close + 1, end - close));
  rest.remove_prefix(end + 1);
  return width > 0 ? std::optional(LiteralHead::Part{*members, width}) : std::nullopt;
}

/// Nothing: `rest` is something else than such parts.
std::vector<LiteralHead::Part> tail_of(std::string_view rest) {
  std::vector<LiteralHead::Part> parts;
  while (!rest.empty()) {
    const std::optional<LiteralHead::Part> part = take_part(rest);
    if (!part || width_of(parts) + part->width > kWidestTail) return {};
    parts.push_back(*part);
  }
  return parts;
}

}  // namespace

std::optional<LiteralHead> literal_head(std::string_view pattern) {
  const Literal literal = literal_at_start(pattern);
  if (!is_rare(pattern.substr(0, literal.end))) return std::nullopt;
  std::vector<LiteralHead::Part> tail = tail_of(pattern.substr(literal.end));
  if (tail.size() != 1) return std::nullopt;
  const size_t width = width_of(tail);
  return LiteralHead{std::string(pattern.substr(0, literal.end)), literal.width, std::move(tail),
                     width};
}

std::optional<LiteralHead> run_head(std::string_view pattern) {
  constexpr size_t kLeastRun = 4;
  constexpr size_t kLongestEnd = 4;  // of an escape: \u00AA, %AA
  if (pattern.empty() || !is_letter(pattern[0])) return std::nullopt;
  const std::string letter(1, pattern[0]);
  size_t end = std::min(pattern.find_first_not_of(letter), pattern.size());
  size_t width = end;
  if (width == 1 && pattern.substr(end).starts_with('{')) {
    end = std::min(pattern.find('}'), pattern.size() - 1) + 1;
    width = times(pattern.substr(1, end - 1));
  }
  if (width < kLeastRun) return std::nullopt;
  std::vector<LiteralHead::Part> tail = tail_of(pattern.substr(end));
  if (tail.empty()) return std::nullopt;
  const size_t tail_width = width_of(tail);
  return LiteralHead{"(?:^|[^" + letter + "])" + std::string(pattern.substr(0, end)), width,
                     std::move(tail), tail_width, kLongestEnd};
}

}  // namespace redactd
