#include "filters/spans/value/value_resolver.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/code_shape.h"
#include "filters/spans/value/named_member.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// The first of `['required', 'string', 'min:8']`, the rules for a form's field.
bool is_field_rule(std::string_view value) {
  return value == "required" || value == "nullable" || value == "sometimes";
}

/// `abcd efgh ijkl mnop`, as mail services show a password for programs, and six such groups, as
/// WordPress does: the end of the last when the first ends at `end`, else `end`.
size_t end_of_groups(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kGroup = 4;
  constexpr size_t kOfMail = 4;
  constexpr size_t kOfBlogs = 6;
  if (end - begin != kGroup) return end;
  size_t groups = 1;
  size_t last = end;
  while (groups <= kOfBlogs && text.substr(last, 1) == " ") {
    size_t next = last + 1;
    while (next < text.size() && is_alnum(text[next])) ++next;
    const bool word = next == text.size() || !is_name_byte(text[next]);  // no smtp_port=
    if (next - last - 1 != kGroup || !word) break;
    last = next;
    ++groups;
  }
  std::string_view all = text.substr(begin, last - begin);
  const bool lower =
      std::all_of(all.begin(), all.end(), [](char c) { return is_lower(c) || c == ' '; });
  return (groups == kOfMail && lower) || (groups == kOfBlogs && is_mixed(all)) ? last : end;
}

/// `|| "…"`, `?? "…"`, `?: "…"` and ` or "…"` of code: to the quote; npos when there is none.
size_t behind_alternative(std::string_view text, size_t at) {
  for (std::string_view operation : {"|| ", "?? ", "?: ", " or "}) {
    const size_t quote = at + operation.size();
    if (text.substr(at).starts_with(operation) && !quote_at(text, quote).none()) return quote;
  }
  return kNone;
}

/// Whether a name given as argument, or the place of one, says that what follows is a default.
bool is_given_as_default(std::string_view before, bool of_environment) {
  return before.ends_with("default=") || before.ends_with("fallback=") ||
         (of_environment && before.ends_with(", "));
}

}  // namespace

/// What stands behind the value from `at` to `end` and is as secret.
void ValueResolver::further_values(size_t at, size_t end, const Opening& opening, bool masked) {
  if (opening.quote.none() && masked) {
    const size_t last = rule_.strength == Strength::strong ? end_of_groups(text_, at, end) : end;
    if (last > end) spans_.back().end = last;
    next_words(at, end, opening);
  }
  if (!opening.quote.none()) changed_value(at, end, opening);
  if (opening.doubt) changed_word(at, end, opening);
}

/// `["a", "b"]`: every element; nothing when it is no array.
std::optional<Verdict> ValueResolver::array(size_t at, const Opening& opening) {
  std::optional<Verdict> result;
  while (at < text_.size() && is_blank(text_[at])) ++at;
  if (at < text_.size() && (text_[at] == ']' || text_[at] == '}')) return Verdict::no_value;
  for (size_t i = 0; i < kMostElements && at < text_.size(); ++i) {
    Opening element = open_value_at(record_, at);
    element.bare.json = true;
    if (element.quote.none()) {
      char first = element.begin < text_.size() ? text_[element.begin] : ']';
      bool scalar = is_digit(first) || first == '-' || mask_at(text_, element.begin) != 0;
      if (!opening.bare.json || !scalar) return result;
    }
    size_t end = value_end(element);
    if (i == 0 && is_field_rule(text_.substr(element.begin, end - element.begin)))
      return Verdict::plain_word;
    Verdict verdict = add(element.begin, end, element, rule_.strength);
    if (!result || verdict == Verdict::masked) result = verdict;
    at = end + (element.quote.none() ? 0 : element.quote.size());
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (at >= text_.size() || text_[at] != ',') return result;
    ++at;
  }
  return result;
}

/// `[a, b]` without quotes, and `abcde-fghij, klmno-pqrst` of recovery codes, which look alike: the
/// words behind the first.
void ValueResolver::next_words(size_t at, size_t end, const Opening& opening) {
  constexpr size_t kMost = 64;
  const bool list = text_[at] == '[' || (at > 0 && text_[at - 1] == '[');
  const size_t size = end - at;
  for (size_t i = 0; i < kMost && text_.substr(end).starts_with(", "); ++i) {
    Opening next = open_value_at(record_, end + 2);
    if (!next.quote.none()) return;
    next.bare = opening.bare;
    const size_t word = next.begin;
    end = value_end(next);
    std::string_view value = text_.substr(word, end - word);
    const bool code = is_code_rule() && std::all_of(value.begin(), value.end(), is_digit);
    if ((!is_mixed(value) && !code) || value.find_first_of("=:") != kNone ||
        (!list && value.size() != size))
      return;
    if (add(word, end, next, code ? Strength::strong : Strength::medium) != Verdict::masked) return;
  }
}

/// `'…' but got '…'`, `'…' != '…'`, `changed password '…' to '…'`: where the other value begins of
/// two that are compared, else npos.
size_t ValueResolver::compared_value(size_t begin, size_t at) const {
  constexpr size_t kReach = 24;
  if (at >= text_.size()) return kNone;
  const size_t from = begin - std::min(begin, kReach);
  std::string_view before = text_.substr(from, begin - from);
  const bool changed = before.ends_with(' ') && before.find("changed ") != kNone;
  if (changed && text_.substr(at).starts_with(" to ")) return at + 4;
  for (std::string_view words : {" but got ", ", got ", ", but got ", " != "}) {
    if (text_.substr(at).starts_with(words)) return at + words.size();
  }
  return kNone;
}

/// `"old" -> "new"`, as Terraform and Kubernetes tools print changes, and `"old":"…","new":"…"`.
void ValueResolver::changed_value(size_t begin, size_t end, const Opening& opening) {
  if (size_t newer = newer_version(text_, begin, end, opening.quote); newer != kNone) {
    Opening next = open_value_at(record_, newer);
    add(next.begin, value_end(next), next, opening.doubt ? Strength::medium : rule_.strength);
    return;
  }
  size_t at = end + opening.quote.size();
  if (const size_t other = compared_value(begin - opening.quote.size(), at); other != kNone) {
    Opening next = open_value_at(record_, other);
    if (!next.quote.none()) add(next.begin, value_end(next), next, Strength::medium);
    return;
  }
  while (at < text_.size() && text_[at] == ' ') ++at;
  if (at >= text_.size() || (text_[at] != '-' && text_[at] != '=')) return;
  std::string_view arrow = text_.substr(at, 3);
  if (arrow != "-> " && arrow != "=> ") return;
  Opening next = open_value_at(record_, at + arrow.size());
  if (!next.quote.none()) add(next.begin, value_end(next), next, rule_.strength);
}

/// `process.env.DB_PASSWORD || "…"`, `os.getenv("X", "…")`, `cfg.get("db", "pw", fallback="…")`:
/// what code from `at` on, of which the value ends at `end`, takes where there is nothing.
void ValueResolver::fallback_of_code(size_t at, size_t end) {
  constexpr size_t kFarthest = 160;
  static constexpr std::string_view kGetters[] = {"getenv(", "environ.get(", "fetch(", "env("};
  static constexpr ByteClass kOfCalls = alnum_and("_.()[], =");
  std::string_view code = text_.substr(at, end - at);
  if (!is_code(code)) return;
  const bool of_environment = holds_any(code, kGetters);
  if (text_.substr(end, 1) == "'" && code.find('\'') != kNone) ++end;  // ENV['X of ENV['X']
  const size_t limit = std::min(text_.size(), end + kFarthest);
  while (end < limit) {
    const size_t other = behind_alternative(text_, end);
    const size_t begin = other != kNone ? other : end;
    if (quote_at(text_, begin).none()) {
      if (!kOfCalls.has(text_[end])) return;
      ++end;
      continue;
    }
    const Opening next = open_value_at(record_, begin);
    end = value_end(next);
    if (other != kNone || is_given_as_default(text_.substr(0, begin), of_environment)) {
      add(next.begin, end, next, rule_.strength);
      return;
    }
    end += next.quote.size();
  }
}

/// `changed from old to new`, `changed password from old to new`, with quotes or without
void ValueResolver::changed_word(size_t at, size_t end, const Opening& opening) {
  constexpr std::string_view kTo = " to ";
  constexpr std::string_view kFrom = " from ";
  if (!opening.quote.none()) {
    at -= opening.quote.size();
    end += opening.quote.size();
  }
  const size_t from = at - std::min(at, kFrom.size());
  if (!equals_ignoring_case(text_.substr(from, at - from), kFrom) ||
      !starts_with_ignoring_case(text_.substr(std::min(end, text_.size())), kTo))
    return;
  Opening next = open_value_at(record_, end + kTo.size());
  next.sentence = next.quote.none();
  next.bare = opening.bare;
  add(next.begin, value_end(next), next, Strength::medium);
}

}  // namespace redactd
