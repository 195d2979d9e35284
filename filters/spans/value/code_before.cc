#include "filters/spans/value/code_before.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/value_resolver.h"

namespace redactd {
namespace {

constexpr size_t kFarthest = 128;  // from the code to the end of the words that name it
constexpr size_t kShortest = 3;

size_t digits_begin(std::string_view text, size_t end, size_t from) {
  while (end > from && is_digit(text[end - 1])) --end;
  return end;
}

/// Where the number begins that ends at `end`, `123456` or `123-456`.
size_t number_begin(std::string_view text, size_t end, size_t from) {
  const size_t begin = digits_begin(text, end, from);
  if (begin == from || text[begin - 1] != '-') return begin;
  const size_t first = digits_begin(text, begin - 1, from);
  return first < begin - 1 ? first : begin;
}

/// Of a date, a time, a version or a name.
bool is_part(std::string_view text, size_t begin) {
  static constexpr ByteClass kBefore = alnum_and(".:/_");
  return begin > 0 && (kBefore.has(text[begin - 1]) ||
                       (begin > 1 && text[begin - 1] == '-' && is_digit(text[begin - 2])));
}

bool begins_with_verb(std::string_view text) {
  static constexpr std::string_view kVerbs[] = {"is ", "ist ", "est ", "es ", "é ", "è "};
  return std::any_of(std::begin(kVerbs), std::end(kVerbs), [text](std::string_view verb) {
    return starts_with_ignoring_case(text, verb);
  });
}

/// The last number of three digits and more before a blank behind which `follows` holds.
template <typename Follows>
CodeBefore last_number(std::string_view text, Follows follows) {
  const size_t from = text.size() - std::min(text.size(), kFarthest);
  for (size_t end = text.size(); end > from + 1;) {
    --end;
    if (text[end] != ' ' || !is_digit(text[end - 1])) continue;
    const size_t begin = number_begin(text, end, from);
    if (end - begin >= kShortest && !is_part(text, begin) && follows(text.substr(end + 1)))
      return {begin, end};
    end = begin + 1;
  }
  return {};
}

}  // namespace

CodeBefore code_before(std::string_view text) { return last_number(text, begins_with_verb); }

bool may_become_code(std::string_view text) {
  auto may_follow = [](std::string_view rest) { return rest.empty() || begins_with_verb(rest); };
  return last_number(text, may_follow).end != 0;
}

Verdict ValueResolver::before() {
  const CodeBefore code = code_before(text_.substr(0, anchor_end_));
  record_.work += kFarthest;
  return add(code.begin, code.end, {}, rule_.strength);
}

}  // namespace redactd
