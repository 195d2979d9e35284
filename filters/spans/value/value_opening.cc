#include "filters/spans/value/value_opening.h"

#include <algorithm>
#include <cstdint>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/markup.h"
#include "filters/spans/value/named_member.h"
#include "filters/spans/value/outer_quotes.h"
#include "filters/spans/value/printed_wrapper.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

constexpr size_t kNameBytes = 128;  // most bytes of a whole key (spring.datasource.password)
/// b"…", f'…', $"…"; a zero byte is let pass, too.
constexpr ByteClass kStringPrefixes = ByteClass::of({"bBuUrRfFN$@\0", 12});

/// The start of the whole name that the key ends: `--db-password`, `spring.datasource.password`.
size_t name_start(std::string_view text, size_t key_begin) {
  size_t limit = key_begin > kNameBytes ? key_begin - kNameBytes : 0;
  size_t at = key_begin;
  while (at > limit && is_name_byte(text[at - 1])) --at;
  return at;
}

/// `name=value` with something after the =, which base64 padding has not.
bool equals_pair_starts(std::string_view text, size_t at) {
  if (!pair_starts(text, at)) return false;
  size_t mark = text.find_first_of("=:", at);
  return text[mark] == '=' && mark + 1 < text.size() && text[mark + 1] != '=' &&
         !is_blank(text[mark + 1]);
}

/// `[password:protected] =>`, `["password":"User":private]=>` (in JSON with backslashes),
/// `[password:User:private] =>`: to the bracket behind what PHP prints of a member's visibility;
/// `at` when there is none.
size_t skip_visibility(std::string_view text, size_t at) {
  constexpr size_t kLongest = 80;
  if (at + 1 >= text.size() || text[at] != ':' ||
      (std::string_view("p\"\\").find(text[at + 1]) == kNone && !is_upper(text[at + 1])))
    return at;
  size_t close = text.substr(0, std::min(text.size(), at + kLongest)).find(']', at);
  if (close == kNone) return at;
  std::string_view between = text.substr(at, close - at);
  bool visibility = between.ends_with(":protected") || between.ends_with(":private");
  return visibility ? close : at;
}

/// `[first]`, `][first]`, `[]` and their percent-encoded forms behind the key: past the names of
/// what it holds. Numbers are none of them: `passwd[17]:` is a process.
size_t skip_index(std::string_view text, size_t at) {
  constexpr size_t kLongest = 16;
  struct Brackets {
    std::string_view open;
    std::string_view close;
  };
  if (at >= text.size() || (text[at] != ']' && text[at] != '%' && text[at] != '[')) return at;
  if (text[at] == '%' && text.substr(at + 1, 1) != "5") return at;
  for (const Brackets& brackets : {Brackets{"[", "]"}, {"%5B", "%5D"}, {"%5b", "%5d"}}) {
    size_t from = at;
    if (text.substr(from).starts_with(brackets.close)) from += brackets.close.size();
    if (!text.substr(from).starts_with(brackets.open)) continue;
    size_t end = from + brackets.open.size();
    while (end < text.size() && end - from < kLongest && is_lower(text[end])) ++end;
    if (text.substr(end).starts_with(brackets.close)) return end + brackets.close.size();
  }
  return at;
}

/// `!!str ` and `&name ` of YAML, with something behind them: to what they stand before.
size_t skip_yaml_properties(std::string_view text, size_t at) {
  if (at >= text.size() || (text[at] != '&' && text.substr(at, 2) != "!!")) return at;
  size_t end = at + (text[at] == '&' ? 1 : 2);
  const size_t name = end;
  while (end < text.size() && is_name_byte(text[end])) ++end;
  if (end == name || end >= text.size() || text[end] != ' ') return at;
  const size_t value = skip_blanks(text, end);
  return value < text.size() ? value : at;
}

/// `rejected value [` of Spring, behind the field that it was for: to the value, npos when it says
/// that there was none.
size_t skip_rejection(std::string_view text, size_t at) {
  constexpr std::string_view kRejected = "rejected value [";
  if (!text.substr(at).starts_with(kRejected)) return at;
  at += kRejected.size();
  const bool nothing = text.substr(at).starts_with("null]") || text.substr(at).starts_with(']');
  return nothing ? kNone : at;
}

/// Past the name in `env("DB_PASSWORD", default="…")`.
size_t skip_parameter(std::string_view text, size_t at) {
  const size_t begin = skip_blanks(text, at);
  for (std::string_view name : {"default=", "fallback="}) {
    const size_t end = begin + name.size();
    if (text.substr(begin).starts_with(name) && !quote_at(text, end).none()) return end;
  }
  return at;
}

/// Reads the opening quote at `at`.
void open_quote(std::string_view text, size_t at, Opening& opening) {
  opening.begin = at;
  Quote quote = quote_at(text, at);
  if (quote.none() && at + 1 < text.size() && kStringPrefixes.has(text[at]) &&
      (text[at + 1] == '"' || text[at + 1] == '\'' ||
       (text[at + 1] == '&' && !quote_at(text, at + 1).none()) ||
       (text[at] == '@' && text[at + 1] == '\\' && !quote_at(text, at + 1).none()))) {
    quote = quote_at(text, at + 1);
    ++at;
  }
  if (quote.none()) return;
  size_t after = at + quote.size();
  const bool plain = quote.spelling == 0 && quote.backslashes == 0;
  if (plain && after + 1 < text.size() && text[after] == quote.mark && is_alnum(text[after + 1])) {
    quote.doubled = true;  // ""value"" in CSV
    ++after;
  } else if (plain && after + 2 < text.size() && text[after] == quote.mark &&
             text[after + 1] == quote.mark && is_alnum(text[after + 2])) {
    after += 2;  // """value""" of Python and TOML
  }
  opening.quote = quote;
  opening.begin = after;
}

/// Past what may stand between a key and its separator: an index, the closing quote, brackets.
size_t skip_name_end(std::string_view text, size_t name_begin, size_t key_end, Quote& quote) {
  size_t at = skip_index(text, skip_colour(text, key_end));
  quote = quote_at(text, at);
  if (quote.spelling == 0 && quote.mark != 0 && at + quote.size() < text.size() &&
      text[at + quote.size()] == quote.mark && quote.backslashes == 0) {
    quote.doubled = true;
  }
  if (!quote.none()) at += quote.size();
  at = skip_visibility(text, at);
  if (at < text.size() && (text[at] == ']' || text[at] == ')') && !quote.none()) ++at;
  if (at < text.size() && text[at] == ']' && quote.none() && name_begin > 0 &&
      (text[name_begin - 1] == '[' || text.substr(0, name_begin).ends_with("[:"))) {
    ++at;  // user[password]=…, session[:token] = …
  }
  if (at < text.size() && text[at] == '%' && equals_ignoring_case(text.substr(at, 3), "%5d"))
    at += 3;  // user%5Bpassword%5D=…
  return at;
}

/// Whether what stands before the name says that no value of it follows.
bool has_no_value(std::string_view text, const KeyPlace& key, const Separator& separator) {
  const size_t begin = key.name_begin;
  if (begin == 0) return false;
  if (separator.sentence && text[begin - 1] == '/') return true;  // /etc/passwd: …
  // scheme://oauth2:TOKEN@host is a URL's user and password.
  if (separator.colon && begin >= 2 && text.substr(begin - 2, 2) == "//") return true;
  // undefined method `password=' for …
  return key.quote.none() && text[begin - 1] == '`' && separator.end < text.size() &&
         text[separator.end] == '\'';
}

/// Past the tags that may stand behind the one that the key names.
size_t skip_markup(std::string_view text, size_t at) {
  constexpr std::string_view kCdata = "<![CDATA[";
  at = skip_line_breaks(text, at);
  if (text.substr(at, kCdata.size()) == kCdata) at += kCdata.size();
  if (!is_value_tag(text, at)) return at;
  const size_t inside = tag_end(text, at);
  return inside == kNone ? at : inside;
}

/// Past what belongs to the separator in one language or another; npos when there is no value.
size_t behind_separator(std::string_view text, const Separator& separator, bool quoted_key) {
  size_t value = separator.markup ? skip_markup(text, separator.end) : separator.end;
  if (separator.percent && value < text.size() && is_blank(text[value])) return kNone;
  if (separator.colon && value < text.size()) {
    value = skip_blanks(text, skip_colour(text, skip_blanks(text, value)));  // `Password:` in bold
    if (!quoted_key) value = skip_yaml_properties(text, value);
    value = skip_rejection(text, value);
    if (value == kNone) return kNone;
  }
  return quoted_key ? skip_parameter(text, value) : value;
}

/// `token_id= total=12`, `--password= --silent`: an empty value, then the next pair or option.
bool is_empty_value(std::string_view text, const KeyPlace& key, const Separator& separator,
                    const Opening& opening) {
  const bool gap = opening.begin > separator.end && text[separator.end - 1] == '=' &&
                   !is_blank(text[separator.end - 2]);
  if (!gap || !opening.quote.none()) return false;
  const bool option = text[key.name_begin] == '-' && text.substr(opening.begin, 2) == "--" &&
                      opening.begin + 2 < text.size() && is_lower(text[opening.begin + 2]);
  return option || equals_pair_starts(text, opening.begin);
}

/// The quote before a name that has none behind it: one around the whole `key: value`.
Quote quote_around_pair(std::string_view text, size_t name_begin) {
  if (text[name_begin - 1] == '\\') return {};
  Quote outer = quote_at(text, name_begin - 1);
  if (outer.mark == 0) return {};
  size_t backslashes = 0;
  while (backslashes + 1 < name_begin && text[name_begin - 2 - backslashes] == '\\') ++backslashes;
  outer.backslashes = static_cast<uint8_t>(std::min(backslashes, kMostBackslashes));
  return outer;
}

/// `of_name`: for RecordView::OpeningMemo.
std::optional<Opening> find_opening(const RecordView& record, KeyPlace key, size_t key_end,
                                    bool& of_name) {
  std::string_view text = record.text;
  const size_t at = skip_name_end(text, key.name_begin, key_end, key.quote);
  const Separator separator = separator_at(text, at, key);
  of_name = separator.of_name;
  if (separator.end == kNone) return value_beside_name(record, key.name_begin, at, key.quote);
  if (has_no_value(text, key, separator)) return std::nullopt;
  const size_t value = behind_separator(text, separator, !key.quote.none());
  if (value == kNone) return std::nullopt;

  Opening opening = open_value_at(record, value);
  const bool other_quote = !opening.quote.none() && key.quote.mark != opening.quote.mark;
  if (other_quote &&
      closes_outer_string(record, opening.begin - opening.quote.size(), opening.quote))
    return std::nullopt;
  if (is_empty_value(text, key, separator, opening)) return std::nullopt;

  opening.sentence = separator.sentence && opening.quote.none();
  opening.doubt = separator.doubt;
  opening.bare.percent = separator.percent;
  opening.bare.markup = separator.markup;
  opening.bare.json = separator.colon && !key.quote.none();
  if (key.name_begin == 0) return opening;
  const char before = text[key.name_begin - 1];
  opening.bare.query = before == '&' || before == '?';
  if (key.quote.none()) opening.outer = quote_around_pair(text, key.name_begin);
  return opening;
}

}  // namespace

Opening open_value_at(const RecordView& record, size_t at) {
  std::string_view text = record.text;
  Opening opening;
  at = skip_wrapper(text, skip_colour(text, skip_blanks(text, at)));
  open_quote(text, at, opening);
  QuotesBefore quotes = quotes_before(record, at);
  opening.bare.escapes = quotes.any;
  opening.bare.single_quote_ends = quotes.single;
  return opening;
}

bool opens_last_value(const RecordView& record, size_t key_begin, size_t key_end) {
  const RecordView::OpeningMemo& memo = record.opening;
  if (memo.key.end != key_end) return false;
  return memo.key.begin == key_begin ||
         (memo.of_name && name_start(record.text, key_begin) == memo.name_begin);
}

bool any_key_opens_last_value(const RecordView& record, size_t key_end) {
  const RecordView::OpeningMemo& memo = record.opening;
  if (memo.key.end != key_end || !memo.of_name || key_end - memo.name_begin >= kNameBytes)
    return false;
  const size_t before = memo.name_begin - std::min<size_t>(memo.name_begin, 1);
  return record.text.substr(before, key_end - before).find(' ') == kNone;
}

std::optional<Opening> open_value(const RecordView& record, size_t key_begin, size_t key_end) {
  RecordView::OpeningMemo& memo = record.opening;
  if (!opens_last_value(record, key_begin, key_end)) {
    memo.key = {key_begin, key_end};
    memo.name_begin = name_start(record.text, key_begin);
    memo.opening = find_opening(record, {memo.name_begin, key_begin, {}}, key_end, memo.of_name);
  }
  return memo.opening;
}

}  // namespace redactd
