#include "filters/spans/value/value_opening.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/markup.h"
#include "filters/spans/value/named_member.h"
#include "filters/spans/value/quoted_key.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

constexpr size_t kLookBack = 4096;  // how far back quotes are looked for
constexpr size_t kNameBytes = 128;  // most bytes of a whole key (spring.datasource.password)

/// The start of the whole name that the key ends: `--db-password`, `spring.datasource.password`.
size_t name_start(std::string_view text, size_t key_begin) {
  size_t limit = key_begin > kNameBytes ? key_begin - kNameBytes : 0;
  size_t at = key_begin;
  while (at > limit && is_name_byte(text[at - 1])) --at;
  return at;
}

/// Whether quotes stand before `at`, not too far away.
struct QuotesBefore {
  bool any = false;
  bool single = false;
};

QuotesBefore quotes_before(const RecordView& record, size_t at) {
  const size_t from = at > kLookBack ? at - kLookBack : 0;
  const bool single = record.single_quotes.stands_in(record.text, from, at);
  return {single || record.double_quotes.stands_in(record.text, from, at), single};
}

/// A quote's mark at `at`, behind as many backslashes as it has.
bool is_mark(std::string_view text, size_t at, const Quote& quote) {
  if (text[at] != quote.mark || at < quote.backslashes) return false;
  const size_t first = at - quote.backslashes;
  if (first > 0 && text[first - 1] == '\\') return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(first),
                     text.begin() + static_cast<std::ptrdiff_t>(at),
                     [](char c) { return c == '\\'; });
}

/// How many of a quote's marks stand before `at`, not too far away.
size_t marks_before(const RecordView& record, size_t at, const Quote& quote) {
  const size_t from = at > kLookBack ? at - kLookBack : 0;
  RecordView::MarkMemo& seen = record.marks;
  const bool same = seen.mark == quote.mark && seen.backslashes == quote.backslashes;
  if (!same || from < seen.from || from > seen.until || at < seen.until)
    seen = {from, from, 0, quote.mark, quote.backslashes};
  record.work += at - seen.until + from - seen.from;
  for (; seen.until < at; ++seen.until) seen.count += is_mark(record.text, seen.until, quote);
  for (; seen.from < from; ++seen.from) seen.count -= is_mark(record.text, seen.from, quote);
  return seen.count;
}

/// `name=value` with something after the =, which base64 padding has not.
bool equals_pair_starts(std::string_view text, size_t at) {
  if (!pair_starts(text, at)) return false;
  size_t mark = text.find_first_of("=:", at);
  return text[mark] == '=' && mark + 1 < text.size() && text[mark + 1] != '=' &&
         !is_blank(text[mark + 1]);
}

/// b"…", f'…', $"…"; a zero byte is let pass, too.
constexpr ByteClass kStringPrefixes = ByteClass::of({"bBuUrRfFN$@\0", 12});

/// `(string) (len=14) "…"`, `(*string)(0xc0000102)((len=14 cap=16) "…"`: to the quote behind what
/// go-spew prints of a string's type; `at` when there is none.
size_t skip_dumped_type(std::string_view text, size_t at) {
  static constexpr ByteClass kMarks = ByteClass::of("(*.) _");
  constexpr size_t kLongest = 64;
  constexpr std::string_view kLength = "(len=";
  if (text[at] != '(') return at;
  size_t type = at;
  while (type < text.size() && type - at < kLongest &&
         (is_alnum(text[type]) || kMarks.has(text[type])))
    ++type;
  if (text.substr(type, 1) != "=" || !text.substr(at, type + 1 - at).ends_with(kLength)) return at;
  size_t close = text.substr(0, std::min(text.size(), type + kLongest)).find(") ", type);
  return close == kNone || quote_at(text, close + 2).none() ? at : close + 2;
}

/// `chr "…"` as R shows a string, `Just "…"` of Haskell, `0x55d0a8b2c1e0 "…"` as a debugger shows a
/// pointer to one: where the quote stands; `at` when there is none.
size_t skip_word_before_quote(std::string_view text, size_t at) {
  constexpr size_t kLongestAddress = 18;
  static constexpr ByteClass kFirsts = ByteClass::of("cJ0");
  if (at >= text.size() || !kFirsts.has(text[at])) return at;
  size_t end = at;
  if (text.substr(at, 2) == "0x") {
    end = at + 2;
    while (end < text.size() && end - at < kLongestAddress && is_hex(text[end])) ++end;
  } else if (text.substr(at, 4) == "chr ") {
    end = at + 3;
  } else if (text.substr(at, 5) == "Just ") {
    end = at + 4;
  }
  if (end == at || text.substr(end, 1) != " ") return at;
  Quote quote = quote_at(text, end + 1);
  return quote.mark == '"' ? end + 1 : at;
}

/// `Some("…")`, `(*string)("…")`, `string(12) "…"`, `<<"…">>`: where the quote stands that printers
/// put such things before; `at` when there is none.
size_t skip_wrapper(std::string_view text, size_t at) {
  if (const size_t quote = skip_word_before_quote(text, at); quote != at) return quote;
  static constexpr std::string_view kWrappers[] = {
      "Some(",     "Secret(",   "SecretString(", "SecretStr(", "Sensitive(",
      "Optional(", "Just(",     "(*string)(",    "String(",    "<<",
      "PASSWORD(", "password(", "MD5(",          "md5(",       "SHA1(",
      "sha1(",     "SHA2(",     "sha2(",         "SHA(",       "sha(",
      "crypt(",    "CRYPT(",    "(string)",      "Token(",     "AccessToken(",
      "ApiKey(",   "Password(", "RefreshToken(", "SecretKey(", "ClientSecret("};
  constexpr std::string_view kGo = "interface {}(";  // not among them: many values begin with an i
  constexpr std::string_view kPhp = "string(";
  static_assert(std::size(kWrappers) <= 32);
  static constexpr std::array<uint32_t, 256> kByFirst = [] {  // a bit for each wrapper
    std::array<uint32_t, 256> wrappers{};
    for (size_t i = 0; i < std::size(kWrappers); ++i)
      wrappers[static_cast<unsigned char>(kWrappers[i][0])] |= uint32_t{1} << i;
    return wrappers;
  }();
  if (at + kGo.size() < text.size() && text[at] == 'i' && text[at + 1] == kGo[1] &&
      text.substr(at, kGo.size()) == kGo)
    return at + kGo.size();
  constexpr size_t kLongest = 13;  // of all but what begins with a parenthesis
  if (at >= text.size()) return at;
  if (kByFirst[static_cast<unsigned char>(text[at])] == 0 && text[at] != kPhp[0]) return at;
  if (text[at] != '<' && text.substr(at, kLongest).find('(') == kNone) return at;
  if (size_t quote = skip_dumped_type(text, at); quote != at) return quote;
  size_t inside = at;
  for (uint32_t later = ~0u; inside < text.size();) {
    const uint32_t candidates = kByFirst[static_cast<unsigned char>(text[inside])] & later;
    if (candidates == 0) break;
    const int next = std::countr_zero(candidates);
    later = ~uint32_t{1} << next;
    if (text.substr(inside, kWrappers[next].size()) == kWrappers[next])
      inside += kWrappers[next].size();
  }
  if (text.substr(inside, kPhp.size()) == kPhp) {
    size_t digits = inside + kPhp.size();
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits > inside + kPhp.size() && text.substr(digits, 2) == ") ")
      inside = digits + 2;
    else if (!quote_at(text, digits).none())
      inside = digits;  // string("…")
  }
  if (inside != at) inside = skip_line_breaks(text, inside);  // Some(\n    "…"
  return inside == at || quote_at(text, inside).none() ? at : inside;
}

/// `Some(…)`, `Str(…)`, `Slice(…)` and `Optional[…]` with no quotes inside: to what they hold; `at`
/// when there is none.
size_t skip_bare_wrapper(std::string_view text, size_t at) {
  static constexpr std::string_view kWrappers[] = {"Some(", "Str(", "Slice(", "Secret(",
                                                   "Optional["};
  static constexpr ByteClass kFirsts = first_bytes(kWrappers);
  if (at >= text.size() || !kFirsts.has(text[at])) return at;
  for (std::string_view wrapper : kWrappers) {
    if (text.substr(at, wrapper.size()) == wrapper) return at + wrapper.size();
  }
  return at;
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

/// `"S":` of DynamoDB and `"stringValue":` of Firestore, whose values tell their type, `"String":`
/// of Go's sql.NullString, `"#text":` of XML in JSON.
constexpr std::string_view kTypes[] = {"S",  "stringValue", "String",    "#text",    "_text",
                                       "$t", "plain",       "plaintext", "cleartext"};
/// Of changes and of queries.
constexpr std::string_view kChanges[] = {"from", "old", "before", "oldValue", "old_value",
                                         "to",   "new", "after",  "newValue", "previous",
                                         "set",  "raw", "$eq",    "$ne"};

/// `"S":` and its like: where the string begins, else npos.
size_t typed_string(std::string_view text, size_t at, const Quote& quote,
                    std::span<const std::string_view> types) {
  at += quote.size();
  for (std::string_view type : types) {
    if (text.substr(at, type.size()) != type) continue;
    Quote closing = quote_at(text, at + type.size());
    if (closing.none()) continue;
    const size_t colon = skip_blanks(text, at + type.size() + closing.size());
    return text.substr(colon, 1) == ":" ? colon + 1 : kNone;
  }
  return kNone;
}

/// `"sensitive":true,"type":"string",` that Terraform has before the value of an output, and
/// `"type":"SecureString",` that Azure has: where the next member begins; `at` when there is none.
size_t skip_output_type(std::string_view text, size_t at) {
  constexpr size_t kLongest = 64;  // of each
  size_t next = at;
  for (std::string_view name : {"sensitive", "type"}) {
    const size_t word = next + quote_at(text, next).size();
    if (text.substr(word, name.size()) != name || quote_at(text, word + name.size()).none())
      continue;
    const size_t comma = text.substr(0, std::min(text.size(), next + kLongest)).find(',', next);
    if (comma == kNone || text.substr(next, comma - next).find_first_of("{}[]") != kNone) return at;
    // {"type":"Identifier","value":…} is a token of a parser
    if (next == at && name == "type" && text.substr(next, comma - next).find("Secure") == kNone)
      return at;
    next = skip_line_breaks(text, comma + 1);
  }
  return next;
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

}  // namespace

bool closes_outer_string(const RecordView& record, size_t at, const Quote& quote) {
  std::string_view text = record.text;
  if (quote.spelling != 0 || quote.doubled) return false;
  size_t next = at + quote.size();
  if (next < text.size()) {
    char c = text[next];
    bool ambiguous = is_blank(c) || c == ',' || c == '}' || c == ']' || c == ')' || c == ':' ||
                     c == ';' || c == '\\' || c == '.';
    if (!ambiguous) return false;
  }
  // An odd number of the same quotes before it: a string is open, and this one closes it.
  return marks_before(record, at, quote) % 2 == 1;
}

Opening open_value_at(const RecordView& record, size_t at) {
  std::string_view text = record.text;
  Opening opening;
  at = skip_wrapper(text, skip_colour(text, skip_blanks(text, at)));
  at = skip_bare_wrapper(text, at);
  open_quote(text, at, opening);
  QuotesBefore quotes = quotes_before(record, at);
  opening.bare.escapes = quotes.any;
  opening.bare.single_quote_ends = quotes.single;
  return opening;
}

std::optional<Opening> value_in_object(const RecordView& record, size_t at,
                                       const Opening& opening) {
  std::string_view text = record.text;
  if (!opening.bare.json || text.substr(at, 1) != "{") return std::nullopt;
  size_t name = skip_line_breaks(text, at + 1);
  Quote quote = quote_at(text, name);
  if (quote.none()) return std::nullopt;
  name = skip_output_type(text, name);
  size_t value = value_member(text, name, quote);
  if (value == kNone) value = typed_string(text, name, quote, kTypes);
  const bool change = value == kNone;
  if (change) value = typed_string(text, name, quote, kChanges);
  if (value == kNone) return std::nullopt;
  Opening member = open_value_at(record, value);
  member.doubt = change;
  if (member.quote.none()) return std::nullopt;
  member.bare.json = true;
  return member;
}

namespace {

/// `of_name`: for RecordView::OpeningMemo.
std::optional<Opening> find_opening(const RecordView& record, size_t name_begin, size_t key_begin,
                                    size_t key_end, bool& of_name) {
  std::string_view text = record.text;
  size_t at = skip_index(text, skip_colour(text, key_end));
  Quote key_quote = quote_at(text, at);
  if (key_quote.spelling == 0 && key_quote.mark != 0 && at + key_quote.size() < text.size() &&
      text[at + key_quote.size()] == key_quote.mark && key_quote.backslashes == 0) {
    key_quote.doubled = true;
  }
  if (!key_quote.none()) at += key_quote.size();
  at = skip_visibility(text, at);
  if (at < text.size() && (text[at] == ']' || text[at] == ')') && !key_quote.none()) ++at;
  if (at < text.size() && text[at] == ']' && key_quote.none() && name_begin > 0 &&
      text[name_begin - 1] == '[') {
    ++at;  // user[password]=…
  }
  if (at < text.size() && text[at] == '%' && equals_ignoring_case(text.substr(at, 3), "%5d"))
    at += 3;  // user%5Bpassword%5D=…
  Separator separator = separator_at(text, at, {name_begin, key_begin, key_quote});
  of_name = separator.of_name;
  if (separator.end == kNone) return value_beside_name(record, name_begin, at, key_quote);
  if (separator.sentence && name_begin > 0 && text[name_begin - 1] == '/')
    return std::nullopt;  // /etc/passwd: …
  // scheme://oauth2:TOKEN@host is a URL's user and password.
  if (separator.colon && name_begin >= 2 && text.substr(name_begin - 2, 2) == "//")
    return std::nullopt;

  // undefined method `password=' for …
  bool quoted_name = key_quote.none() && name_begin > 0 && text[name_begin - 1] == '`' &&
                     separator.end < text.size() && text[separator.end] == '\'';
  if (quoted_name) return std::nullopt;

  size_t value = separator.markup ? skip_line_breaks(text, separator.end) : separator.end;
  constexpr std::string_view kCdata = "<![CDATA[";
  if (separator.markup && text.substr(value, kCdata.size()) == kCdata) value += kCdata.size();
  if (separator.markup && is_value_tag(text, value)) {
    if (size_t inside = tag_end(text, value); inside != kNone) value = inside;
  }
  if (separator.percent && value < text.size() && is_blank(text[value])) return std::nullopt;
  if (separator.colon && value < text.size()) {
    value = skip_blanks(text, value);
    if (key_quote.none()) value = skip_yaml_properties(text, value);
    value = skip_rejection(text, value);
    if (value == kNone) return std::nullopt;
  }
  if (!key_quote.none()) value = skip_parameter(text, value);
  Opening opening = open_value_at(record, value);
  if (key_quote.mark != opening.quote.mark && !opening.quote.none() &&
      closes_outer_string(record, opening.begin - opening.quote.size(), opening.quote)) {
    return std::nullopt;
  }
  // `token_id= total=12`: an empty value, then the next pair.
  bool gap = opening.begin > separator.end && text[separator.end - 1] == '=' &&
             !is_blank(text[separator.end - 2]);
  if (gap && opening.quote.none() && equals_pair_starts(text, opening.begin)) return std::nullopt;
  opening.sentence = separator.sentence && opening.quote.none();
  opening.doubt = separator.doubt;
  opening.bare.percent = separator.percent;
  opening.bare.markup = separator.markup;
  opening.bare.json = separator.colon && !key_quote.none();
  opening.bare.query =
      name_begin > 0 && (text[name_begin - 1] == '&' || text[name_begin - 1] == '?');
  if (name_begin > 0 && key_quote.none()) {
    Quote outer = quote_at(text, name_begin - 1);
    size_t backslashes = 0;
    while (backslashes + 1 < name_begin && text[name_begin - 2 - backslashes] == '\\')
      ++backslashes;
    outer.backslashes = static_cast<uint8_t>(std::min(backslashes, kMostBackslashes));
    if (outer.mark != 0 && text[name_begin - 1] != '\\') opening.outer = outer;
  }
  return opening;
}

}  // namespace

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
    memo.opening = find_opening(record, memo.name_begin, key_begin, key_end, memo.of_name);
  }
  return memo.opening;
}

}  // namespace redactd
