#include "filters/matcher/literal_head.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace redactd {
namespace {

constexpr size_t kLeastHead = 3;
constexpr size_t kWidestTail = 64;
constexpr size_t kNarrowClass = 26;  // members: libhs writes them out as literals

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

/// The byte that `rest` begins with, escaped or not, if it stands for itself; it is taken off.
std::optional<ByteClass> take_byte(std::string_view& rest) {
  constexpr ByteClass kPlain = alnum_and("_-:/=@,;~ ");
  const bool escaped = rest.size() > 1 && rest[0] == '\\' && !is_alnum(rest[1]);
  if (!escaped && !kPlain.has(rest[0])) return std::nullopt;
  const ByteClass byte = ByteClass::of(rest.substr(escaped ? 1 : 0, 1));
  rest.remove_prefix(escaped ? 2 : 1);
  return byte;
}

/// `[A-Za-z0-9_-]` without a line feed, taken off in the same way.
std::optional<ByteClass> take_class(std::string_view& rest) {
  size_t close = 1;
  while (close < rest.size() && rest[close] != ']') close += rest[close] == '\\' ? 2 : 1;
  if (close >= rest.size() || rest.starts_with("[^")) return std::nullopt;
  const std::optional<ByteClass> members = ByteClass::parse(rest.substr(1, close - 1));
  rest.remove_prefix(close + 1);
  return members && !members->has('\n') ? members : std::nullopt;
}

/// The byte or class that `rest`, which is not empty, begins with, and how often it stands there.
std::optional<LiteralHead::Part> take_part(std::string_view& rest) {
  const std::optional<ByteClass> members = rest[0] == '[' ? take_class(rest) : take_byte(rest);
  if (!members) return std::nullopt;
  size_t width = 1;
  if (rest.starts_with('{')) {
    const size_t end = std::min(rest.find('}'), rest.size() - 1) + 1;
    width = times(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return width > 0 ? std::optional(LiteralHead::Part{*members, width}) : std::nullopt;
}

/// Takes a byte or a narrow class off that stands there once.
bool take_of_head(std::string_view& rest) {
  if (rest.empty()) return false;
  std::string_view behind = rest;
  const std::optional<ByteClass> members = rest[0] == '[' ? take_class(behind) : take_byte(behind);
  if (!members || behind.starts_with('{')) return false;
  if (rest[0] == '[' && members->size() > kNarrowClass) return false;
  rest = behind;
  return true;
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

/// Whether a run of such heads is all tail, so that an automaton would be started from each. Of
/// capitals, of which ordinary text is not full.
bool stands_in_tail(std::string_view head, const std::vector<LiteralHead::Part>& tail) {
  constexpr size_t kLeastCapitals = 2;
  constexpr size_t kLong = 8;
  return head.size() >= kLeastCapitals && std::all_of(head.begin(), head.end(), is_upper) &&
         std::any_of(tail.begin(), tail.end(), [head](const LiteralHead::Part& part) {
           return part.width >= kLong && part.members.has_all(head);
         });
}

}  // namespace

std::optional<LiteralHead> literal_head(std::string_view pattern) {
  std::string_view rest = pattern;
  size_t width = 0;
  while (take_of_head(rest)) ++width;
  const std::string_view head = pattern.substr(0, pattern.size() - rest.size());
  std::vector<LiteralHead::Part> tail = tail_of(rest);
  const bool simple = width >= kLeastHead && tail.size() == 1;
  if (!simple && !stands_in_tail(head, tail)) return std::nullopt;
  const size_t tail_width = width_of(tail);
  return LiteralHead{std::string(head), width, std::move(tail), tail_width};
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
