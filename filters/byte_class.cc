#include "filters/byte_class.h"

namespace redactd {
namespace {

/// One member of the bracket text at `at`, past any escape; moves `at` on.
std::optional<unsigned char> next_member(std::string_view text, size_t& at) {
  char c = text[at++];
  if (c != '\\') return static_cast<unsigned char>(c);
  if (at == text.size()) return std::nullopt;
  char escaped = text[at++];
  switch (escaped) {
    case '\\':
    case '-':
    case ']':
    case '[':
    case '^':
    case '/':
    case '.':
      return static_cast<unsigned char>(escaped);
    case 't':
      return '\t';
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<ByteClass> ByteClass::parse(std::string_view brackets) {
  ByteClass result;
  size_t at = 0;
  while (at < brackets.size()) {
    std::optional<unsigned char> first = next_member(brackets, at);
    if (!first) return std::nullopt;
    bool range = at + 1 < brackets.size() && brackets[at] == '-';
    if (!range) {
      result.add(*first);
      continue;
    }
    ++at;
    std::optional<unsigned char> last = next_member(brackets, at);
    if (!last || *last < *first) return std::nullopt;
    result.add_range(*first, *last);
  }
  return result;
}

}  // namespace redactd
