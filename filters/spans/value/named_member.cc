#include "filters/spans/value/named_member.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/separator.h"

namespace redactd {
namespace {

constexpr size_t kReach = 512;  // of an object's members on either side of the name
constexpr size_t kMostMembers = 8;
constexpr size_t kLongestName = 64;

constexpr std::string_view kNaming[] = {
    "name",     "key",     "path",     "field",      "param",   "id",
    "k",        "label",   "property", "attribute",  "loc",     "column",
    "variable", "setting", "header",   "optionname", "argument"};
constexpr std::string_view kHolding[] = {
    "value",    "val",       "v",         "old",   "new",           "oldvalue",
    "newvalue", "old_value", "new_value", "input", "rejectedvalue", "rejected_value"};
struct Versions {
  std::string_view older;
  std::string_view newer;
};
constexpr Versions kVersions[] = {{"old", "new"},
                                  {"from", "to"},
                                  {"before", "after"},
                                  {"oldValue", "newValue"},
                                  {"old_value", "new_value"},
                                  {"previous", "current"}};

bool is_one_of(std::span<const std::string_view> words, std::string_view name) {
  return std::any_of(words.begin(), words.end(),
                     [name](std::string_view word) { return equals_ignoring_case(name, word); });
}

bool is_same(const Quote& a, const Quote& b) {
  return a.mark == b.mark && a.backslashes == b.backslashes && a.spelling == b.spelling;
}

/// Before the blanks that end before `at`.
size_t before_blanks(std::string_view text, size_t at) {
  while (at > 0 && is_blank(text[at - 1])) --at;
  return at;
}

/// The name of the member whose value begins at `at`, behind its colon; empty: none does.
std::string_view name_before_value(std::string_view text, size_t at, const Quote& quote) {
  at = before_blanks(text, at);
  if (at == 0 || text[at - 1] != ':') return {};
  at = before_blanks(text, at - 1);
  if (at < quote.size() || !is_same(quote_at(text, at - quote.size()), quote)) return {};
  const size_t end = at - quote.size();
  at = end;
  while (at > 0 && end - at < kLongestName && is_name_byte(text[at - 1])) --at;
  return text.substr(at, end - at);
}

/// Where the value begins in which the name stands, a string or a list of them: `"password"`,
/// `"/spec/password"`, `["body","password"]`. kNone: it is none.
size_t naming_value(std::string_view text, size_t name_begin, const Quote& quote) {
  size_t at = name_begin;
  while (at > 0 && name_begin - at < kLongestName &&
         (is_name_byte(text[at - 1]) || text[at - 1] == '/'))
    --at;
  if (at < quote.size() || !is_same(quote_at(text, at - quote.size()), quote)) return kNone;
  at -= quote.size();
  const size_t before = before_blanks(text, at);
  if (before == 0) return kNone;
  if (text[before - 1] == ':') return at;
  const size_t floor = at - std::min(at, kLongestName);
  const size_t open = text.substr(floor, at - floor).find_last_of("[(");
  return open == kNone ? kNone : floor + open;
}

/// A member of an object: what it is called and where its value stands.
struct Member {
  std::string_view name;
  size_t value = 0;  // its quote or first byte
  size_t end = 0;    // behind it; behind the brace that an object opens with
  bool quoted = false;
  bool opens = false;
};

/// Nothing where none can be read. `looked_to`: up to where bytes were looked at.
std::optional<Member> member_at(std::string_view text, size_t at, const Quote& quote,
                                size_t& looked_to) {
  if (!is_same(quote_at(text, at), quote)) return std::nullopt;
  const size_t begin = at + quote.size();
  const size_t close = quoted_end(text, begin, quote);
  looked_to = std::min(close + quote.size(), text.size());
  Member member;
  member.name = text.substr(begin, close - begin);
  const size_t colon = skip_line_breaks(text, close + quote.size());
  if (colon >= text.size() || text[colon] != ':') return std::nullopt;
  member.value = skip_line_breaks(text, colon + 1);
  member.quoted = is_same(quote_at(text, member.value), quote);
  if (member.value >= text.size()) return std::nullopt;
  const char first = text[member.value];
  member.opens = first == '{';
  if (member.quoted)
    member.end = quoted_end(text, member.value + quote.size(), quote) + quote.size();
  else if (member.opens)
    member.end = member.value + 1;
  else if (first == '[' || first == '(')
    member.end = std::min(text.find_first_of("])", member.value), text.size() - 1) + 1;
  else
    member.end = std::min(text.find_first_of(",}", member.value), text.size());
  looked_to = std::min(member.end, text.size());
  return member;
}

/// Of the members from `at` on the first that holds a value, as far as they can be read; `inside`
/// an object's brace no comma stands before it. `looked_to`: as above.
std::optional<Member> holding_member(std::string_view text, size_t at, bool inside,
                                     const Quote& quote, size_t& looked_to) {
  for (size_t i = 0; i < kMostMembers && at < text.size(); ++i) {
    at = skip_line_breaks(text, at);
    if (!inside) {
      if (at >= text.size() || text[at] != ',') return std::nullopt;
      at = skip_line_breaks(text, at + 1);
    }
    std::optional<Member> member = member_at(text, at, quote, looked_to);
    if (!member || is_one_of(kHolding, member->name)) return member;
    at = member->end;
    inside = member->opens;
  }
  return std::nullopt;
}

/// The next brace before `at`, or how far back none stands.
size_t brace_before(std::string_view text, size_t at) {
  const size_t floor = at - std::min(at, kReach);
  while (at > floor) {
    --at;
    if (text[at] == '{' || text[at] == '}') break;
  }
  return at;
}

}  // namespace

std::optional<Opening> value_beside_name(const RecordView& record, size_t name_begin,
                                         size_t name_end, const Quote& quote) {
  std::string_view text = record.text;
  if (quote.none() || quote.spelling != 0 || quote.doubled) return std::nullopt;
  const size_t naming = naming_value(text, name_begin, quote);
  if (naming == kNone || !is_one_of(kNaming, name_before_value(text, naming, quote)))
    return std::nullopt;
  size_t looked_to = name_end;
  std::optional<Member> member = holding_member(
      text.substr(0, std::min(text.size(), name_end + kReach)), name_end, false, quote, looked_to);
  record.work += looked_to - name_end;
  if (!member || !is_one_of(kHolding, member->name)) {
    const size_t brace = brace_before(text, naming);
    record.work += naming - brace;
    if (text[brace] != '{') return std::nullopt;
    looked_to = brace + 1;
    member = holding_member(text.substr(0, naming), brace + 1, true, quote, looked_to);
    record.work += looked_to - brace;
  }
  if (!member || !member->quoted || !is_one_of(kHolding, member->name)) return std::nullopt;
  Opening opening = open_value_at(record, member->value);
  opening.bare.json = true;
  opening.doubt = true;  // what is said of a field may be no value of it
  return opening;
}

size_t newer_version(std::string_view text, size_t begin, size_t end, const Quote& quote) {
  if (begin < quote.size() || quote.spelling != 0 || quote.doubled) return kNone;
  std::string_view near = text.substr(0, std::min(text.size(), end + kLongestName));
  size_t at = skip_line_breaks(near, end + quote.size());
  if (at >= near.size() || near[at] != ',') return kNone;
  std::string_view older = name_before_value(text, begin - quote.size(), quote);
  const auto* pair = std::find_if(std::begin(kVersions), std::end(kVersions),
                                  [older](const Versions& one) { return one.older == older; });
  if (pair == std::end(kVersions)) return kNone;
  size_t looked_to = 0;  // bounded by kLongestName: no work to be counted
  std::optional<Member> next = member_at(near, skip_line_breaks(near, at + 1), quote, looked_to);
  return next && next->quoted && next->name == pair->newer ? next->value : kNone;
}

}  // namespace redactd
