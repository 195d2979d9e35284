#include "filters/spans/value_opening.h"

#include <algorithm>
#include <cstring>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

constexpr size_t kBlanks = 64;      // most blanks around a separator
constexpr size_t kLookBack = 4096;  // how far back quotes are looked for
constexpr size_t kNameBytes = 128;  // most bytes of a whole key (spring.datasource.password)

size_t skip_blanks(std::string_view text, size_t at) {
  size_t limit = std::min(text.size(), at + kBlanks);
  while (at < limit && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

/// `<token>\n  value`: blanks and line breaks in their spelling.
size_t skip_line_breaks(std::string_view text, size_t at) {
  while (at < text.size()) {
    size_t letter = text.find_first_not_of('\\', at);
    if (is_blank(text[at])) {
      ++at;
    } else if (letter != kNone && letter > at &&
               (text[letter] == 'n' || text[letter] == 'r' || text[letter] == 't')) {
      at = letter + 1;
    } else {
      break;
    }
  }
  return at;
}

bool is_key_byte(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }

/// The start of the whole name that the key ends: `--db-password`, `spring.datasource.password`.
size_t name_start(std::string_view text, size_t key_begin) {
  size_t limit = key_begin > kNameBytes ? key_begin - kNameBytes : 0;
  size_t at = key_begin;
  while (at > limit && is_key_byte(text[at - 1])) --at;
  return at;
}

bool is_option(std::string_view text, size_t name_begin) {
  if (name_begin + 1 >= text.size() || text[name_begin] != '-') return false;
  if (name_begin == 0) return true;
  char before = text[name_begin - 1];
  return is_blank(before) || before == '"' || before == '\'' || before == '[' || before == ',' ||
         before == '(' || before == '=';
}

/// `("name"`: the name is the first argument of a call, or the first of a pair.
bool is_first_argument(std::string_view text, size_t name_begin, const Quote& quote) {
  size_t before = quote.size() + 1;
  return quote.spelling == 0 && name_begin >= before && text[name_begin - before] == '(';
}

/// Whether quotes stand before `at`, not too far away.
struct QuotesBefore {
  bool any = false;
  bool single = false;
};

size_t last_before(std::string_view text, size_t from, size_t at, char mark) {
  const void* found = memrchr(text.data() + from, mark, at - from);
  return found == nullptr ? kNone
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

QuotesBefore quotes_before(const RecordView& record, size_t at) {
  size_t from = at > kLookBack ? at - kLookBack : 0;
  RecordView::QuoteMemo& seen = record.quotes;
  if (at < seen.until) seen = {};
  size_t unseen = std::max(seen.until, from);
  size_t last_double = last_before(record.text, unseen, at, '"');
  size_t last_single = last_before(record.text, unseen, at, '\'');
  seen.until = at;
  if (last_double != kNone) seen.last_double = last_double;
  if (last_single != kNone) seen.last_single = last_single;
  auto near = [from](size_t last) { return last != kNone && last >= from; };
  return {near(seen.last_double) || near(seen.last_single), near(seen.last_single)};
}

/// `"name":"KEY","value":"…"` and `name="KEY" value="…"`: past the second name's separator, else
/// npos.
size_t value_member(std::string_view text, size_t at, const Quote& key_quote) {
  at = skip_blanks(text, at);
  if (at < text.size() && text[at] == ',') at = skip_blanks(text, at + 1);
  Quote quote = quote_at(text, at);
  if (!quote.none()) {
    if (quote.mark != key_quote.mark) return kNone;
    at += quote.size();
  }
  bool content = starts_with_ignoring_case(text.substr(at), "content=");  // of HTML's <meta>
  if (!content && !starts_with_ignoring_case(text.substr(at), "value")) return kNone;
  at += content ? 7 : 5;
  if (!quote.none()) {
    Quote closing = quote_at(text, at);
    if (closing.none()) return kNone;
    at += closing.size();
  }
  at = skip_blanks(text, at);
  return at < text.size() && (text[at] == ':' || text[at] == '=') ? at + 1 : kNone;
}

struct Separator {
  size_t end = kNone;  // npos: there is none
  bool doubt = false;  // it proves less than an =
  bool colon = false;
  bool percent = false;
  bool markup = false;
  bool sentence = false;
};

/// `?=` `::=` `:::=` `.=` `+=` `||=`: its length, else 0.
size_t compound_assignment(std::string_view rest) {
  for (std::string_view assignment : {"?=", "::=", ":::=", ".=", "+=", "||=", "?\?="}) {
    if (rest.starts_with(assignment)) return assignment.size();
  }
  return 0;
}

/// `var dbPassword string = "…"`: past the = behind the type's name, else npos.
size_t typed_assignment(std::string_view text, size_t at) {
  size_t type = at;
  while (type < text.size() && type - at < 24 && (is_alnum(text[type]) || text[type] == '.'))
    ++type;
  size_t equals = skip_blanks(text, type);
  if (type == at || equals == type || equals >= text.size() || text[equals] != '=') return kNone;
  size_t value = skip_blanks(text, equals + 1);
  return quote_at(text, value).none() ? kNone : equals + 1;
}

/// The next tag closes an element.
bool closing_tag_follows(std::string_view text, size_t at) {
  constexpr size_t kLongest = 1024;
  size_t tag = text.substr(0, std::min(text.size(), at + kLongest)).find('<', at);
  return tag != kNone && text.substr(tag + 1, 1) == "/";
}

bool ends_in_mask(std::string_view text) {
  constexpr size_t kLongestMask = 300;
  if (!text.ends_with(']')) return false;
  text.remove_prefix(text.size() - std::min(text.size(), kLongestMask));
  size_t begin = text.rfind('[');
  return begin != kNone && mask_at(text, begin) == text.size() - begin;
}

/// `<password>` as an element's tag, not as a placeholder (`password=<password>`,
/// `://user:<password>@`). Where it may be either, the tag behind it tells (`body=<password>…</`).
/// A mask before it may stand for anything.
bool opens_tag(std::string_view text, size_t name_begin, size_t value) {
  size_t open = name_begin;
  if (open > 0 && text[open - 1] == ':') {  // <ns:password>
    --open;
    while (open > 0 && is_key_byte(text[open - 1])) --open;
  }
  if (open == 0 || text[open - 1] != '<') return false;
  std::string_view before = text.substr(0, open - 1);
  bool placeholder = !before.empty() && (std::string_view("=:/@").find(before.back()) != kNone ||
                                         ends_in_mask(before));
  return !placeholder || closing_tag_follows(text, value);
}

bool has_attribute_before(std::string_view text, size_t quote) {
  for (std::string_view name : {"name=", "key=", "name=\\", "key=\\"}) {
    if (quote >= name.size() && text.substr(quote - name.size(), name.size()) == name) return true;
  }
  return false;
}

/// Past the > of the tag at `at`, `<td class="v">`; npos when there is none near.
size_t tag_end(std::string_view text, size_t at) {
  constexpr size_t kLongestTag = 256;
  if (at + 1 >= text.size() || text[at] != '<') return kNone;
  size_t close =
      text.substr(0, std::min(text.size(), at + kLongestTag)).find_first_of("<>", at + 1);
  return close == kNone || text[close] == '<' ? kNone : close + 1;
}

bool is_value_tag(std::string_view text, size_t at) {
  static constexpr std::string_view kTags[] = {"<td",   "<dd",   "<value", "<string",
                                               "<pre>", "<code", "<span"};
  return std::any_of(std::begin(kTags), std::end(kTags), [&](std::string_view tag) {
    return starts_with_ignoring_case(text.substr(at, tag.size()), tag);
  });
}

/// `KEY</td><td>`, `KEY</name><value>`: where the next element's text begins, else npos.
size_t next_element(std::string_view text, size_t at) {
  constexpr int kDeepest = 3;
  if (text.substr(at, 2) != "</") return kNone;
  size_t close = tag_end(text, at);
  if (close == kNone) return kNone;
  size_t open = skip_line_breaks(text, close);
  for (int depth = 0; depth < kDeepest && open < text.size() && text[open] == '<'; ++depth) {
    size_t inside = is_value_tag(text, open) ? tag_end(text, open) : kNone;
    if (inside == kNone) return kNone;
    open = skip_line_breaks(text, inside);
    if (open < text.size() && text[open] != '<') return open;
  }
  return kNone;
}

/// `<Password Type="…">`: past the > of the tag that the key names, else npos.
size_t tag_with_attributes(std::string_view text, size_t at) {
  constexpr size_t kLongestTag = 256;
  size_t close = text.substr(0, std::min(text.size(), at + kLongestTag)).find_first_of("<>", at);
  if (close == kNone || text[close] == '<' || text[close - 1] == '/') return kNone;
  return text.substr(at, close - at).find('=') == kNone ? kNone : close + 1;
}

/// `.password("…")`, `setPassword("…")`: a call that is given the value.
bool sets_value(std::string_view text, size_t name_begin, size_t key_begin) {
  size_t word = key_begin;
  while (word > name_begin && is_alnum(text[word - 1])) --word;
  std::string_view before = text.substr(word, key_begin - word);
  if (before.empty()) return key_begin > 0 && text[key_begin - 1] == '.';
  return before == "set" || before == "with";
}

/// `;s:12:` of PHP's serialize() between name and value, else 0.
size_t serialized_string(std::string_view rest) {
  if (!rest.starts_with(";s:")) return 0;
  size_t at = 3;
  while (at < rest.size() && at < 10 && is_digit(rest[at])) ++at;
  return at > 3 && at < rest.size() && rest[at] == ':' ? at + 1 : 0;
}

/// ` a2=` of auditd between two arguments in quotes, else 0.
size_t audited_argument(std::string_view rest) {
  if (!rest.starts_with("a")) return 0;
  size_t at = 1;
  while (at < rest.size() && at < 5 && is_digit(rest[at])) ++at;
  return at > 1 && at < rest.size() && rest[at] == '=' ? at + 1 : 0;
}

/// `name=\"password\"\r\n\r\n`: past the blank line of a form's part, else npos.
size_t form_part(std::string_view text, size_t at) {
  if (at >= text.size() || text[at] != '\\') return kNone;
  size_t value = skip_line_breaks(text, at);
  std::string_view breaks = text.substr(at, value - at);
  return std::count(breaks.begin(), breaks.end(), 'n') >= 2 ? value : kNone;
}

/// What may stand behind a name in quotes instead of = and :, else npos.
size_t quoted_separator(std::string_view text, size_t at, size_t name_begin,
                        const Quote& key_quote) {
  std::string_view rest = text.substr(at);
  if (size_t member = value_member(text, at, key_quote); member != kNone) return member;
  if (rest.starts_with(',')) {
    // ["--password", "…"], define('DB_PASSWORD', '…') and headers in a list
    bool header = starts_with_ignoring_case(text.substr(name_begin, 2), "x-");
    bool pair =
        header || is_option(text, name_begin) || is_first_argument(text, name_begin, key_quote);
    if (pair) return at + 1;
  }
  if (size_t length = serialized_string(rest); length != 0) return at + length;
  if (size_t length = audited_argument(rest); length != 0 && is_option(text, name_begin))
    return at + length;
  bool attribute =
      name_begin >= key_quote.size() && has_attribute_before(text, name_begin - key_quote.size());
  return attribute ? form_part(text, at) : kNone;
}

/// The separator at `at`, just past the key and its closing quote.
Separator separator_at(std::string_view text, size_t at, size_t name_begin, size_t key_begin,
                       const Quote& key_quote) {
  Separator none;
  size_t key_end = at;
  bool blank_before = false;
  at = skip_blanks(text, skip_colour(text, at));
  at = skip_colour(text, at);
  blank_before = at > key_end && is_blank(text[at - 1]);
  if (at >= text.size()) return none;
  Separator found;
  char c = text[at];
  std::string_view rest = text.substr(at);
  if (c == '=') {
    found.end = at + 1;
    while (found.end < text.size() && found.end < at + 3 &&
           (text[found.end] == '=' || text[found.end] == '>' || text[found.end] == '~')) {
      ++found.end;
    }
    return found;
  }
  if (size_t assignment = compound_assignment(rest); assignment != 0) {
    found.end = at + assignment;
    return found;
  }
  if (c == ':') {
    if (rest.starts_with("::")) return none;  // a scope, not a separator
    found.end = at + (rest.starts_with(":=") ? 2 : 1);
    if (size_t typed = typed_assignment(text, skip_blanks(text, found.end)); typed != kNone) {
      found.end = typed;  // let password: string = "…"
      return found;
    }
    found.colon = true;
    found.sentence =
        (key_quote.none() || blank_before) && found.end < text.size() && is_blank(text[found.end]);
    return found;
  }
  bool tag = c == '>' && !blank_before && key_quote.none() && opens_tag(text, name_begin, at + 1);
  if (tag && at + 1 < text.size() && !is_blank(text[at + 1])) {
    found.end = at + 1;
    found.markup = true;
    return found;
  }
  if (c == '<') {
    found.end = next_element(text, at);
    found.markup = found.doubt = true;
    return found;
  }
  size_t attributes = blank_before && key_quote.none() ? tag_with_attributes(text, at) : kNone;
  if (attributes != kNone && opens_tag(text, name_begin, attributes)) {
    found.end = attributes;
    found.markup = found.doubt = true;
    return found;
  }
  if (blank_before && rest.starts_with("-> ")) {
    found.end = at + 3;
    found.sentence = true;
    return found;
  }
  for (std::string_view escaped : {"%253d", "%253a", "%25253d"}) {
    if (!starts_with_ignoring_case(rest, escaped)) continue;
    found.end = at + escaped.size();
    found.percent = true;
    return found;
  }
  if (starts_with_ignoring_case(rest, "%3d") || starts_with_ignoring_case(rest, "%3a")) {
    found.end = at + 3;
    found.percent = true;
    return found;
  }
  if (starts_with_ignoring_case(rest, "\\u003d") || starts_with_ignoring_case(rest, "\\u003a")) {
    found.end = at + 6;
    return found;
  }
  if (!key_quote.none()) {
    if (c == '>' && name_begin >= key_quote.size() &&
        has_attribute_before(text, name_begin - key_quote.size()) && at + 1 < text.size() &&
        text[at + 1] != '<') {  // <property name="password">…
      found.end = at + 1;
      found.markup = found.doubt = true;
      return found;
    }
    found.end = quoted_separator(text, at, name_begin, key_quote);
    found.colon = found.end != kNone && text[found.end - 1] == ':' && text[at] != ';';
    return found;
  }
  bool quoted_next = !quote_at(text, at + (c == '(' || c == ',' ? 1 : 0)).none();
  if (c == ',' && quoted_next && name_begin > 0 && text[name_begin - 1] == '{') {
    found.end = at + 1;  // {password,"…"} of Erlang
    return found;
  }
  if (c == '(' && quoted_next && !blank_before && sets_value(text, name_begin, key_begin)) {
    found.end = at + 1;
    found.doubt = true;
    return found;
  }
  if (blank_before && quoted_next && name_begin > 0 && text[name_begin - 1] == ':') {
    found.end = at;  // {:password "…"} of Clojure
    return found;
  }
  // More than a blank: the column of a help text.
  if (at == key_end + 1 && is_option(text, name_begin)) {
    found.end = at;
    return found;
  }
  if (blank_before) {
    found.end = typed_assignment(text, at);
    if (found.end != kNone) return found;
  }
  if (blank_before && starts_with_ignoring_case(rest, "is ")) {
    found.end = at + 3;
    found.sentence = true;
    return found;
  }
  if (blank_before && starts_with_ignoring_case(rest, "is: ")) {
    found.end = at + 4;
    found.sentence = true;
    return found;
  }
  return none;
}

/// `name=value` with something after the =, which base64 padding has not.
bool equals_pair_starts(std::string_view text, size_t at) {
  if (!pair_starts(text, at)) return false;
  size_t mark = text.find_first_of("=:", at);
  return text[mark] == '=' && mark + 1 < text.size() && text[mark + 1] != '=' &&
         !is_blank(text[mark + 1]);
}

bool is_string_prefix(char c) { return std::strchr("bBuUrRfFN$@", c) != nullptr; }

/// `Some("…")`, `(*string)("…")`, `string(12) "…"`, `<<"…">>`: where the quote stands that printers
/// put such things before; `at` when there is none.
size_t skip_wrapper(std::string_view text, size_t at) {
  static constexpr std::string_view kWrappers[] = {
      "Some(", "Secret(",    "SecretString(", "SecretStr(", "Sensitive(", "Optional(",
      "Just(", "(*string)(", "String(",       "<<",         "PASSWORD(",  "password("};
  size_t inside = at;
  for (std::string_view wrapper : kWrappers) {
    if (text.substr(inside, wrapper.size()) == wrapper) inside += wrapper.size();
  }
  if (text.substr(inside, 7) == "string(") {
    size_t digits = inside + 7;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits > inside + 7 && text.substr(digits, 2) == ") ") inside = digits + 2;
  }
  return inside == at || quote_at(text, inside).none() ? at : inside;
}

/// Reads the opening quote at `at`.
void open_quote(std::string_view text, size_t at, Opening& opening) {
  opening.begin = at;
  Quote quote = quote_at(text, at);
  if (quote.none() && at + 1 < text.size() && is_string_prefix(text[at]) &&
      (text[at + 1] == '"' || text[at + 1] == '\'')) {
    quote = quote_at(text, at + 1);
    ++at;
  }
  if (quote.none()) return;
  size_t after = at + quote.size();
  if (quote.spelling == 0 && quote.backslashes == 0 && after + 1 < text.size() &&
      text[after] == quote.mark && is_alnum(text[after + 1])) {
    quote.doubled = true;  // ""value"" in CSV
    ++after;
  }
  opening.quote = quote;
  opening.begin = after;
}

}  // namespace

bool closes_outer_string(std::string_view text, size_t at, const Quote& quote) {
  if (quote.spelling != 0 || quote.doubled) return false;
  size_t next = at + quote.size();
  if (next < text.size()) {
    char c = text[next];
    bool ambiguous = is_blank(c) || c == ',' || c == '}' || c == ']' || c == ')' || c == ':' ||
                     c == ';' || c == '\\' || c == '.';
    if (!ambiguous) return false;
  }
  // An odd number of the same quotes before it: a string is open, and this one closes it.
  size_t from = at > kLookBack ? at - kLookBack : 0;
  size_t marks = 0;
  size_t run = 0;
  for (size_t i = from; i < at; ++i) {
    if (text[i] == '\\') {
      ++run;
      continue;
    }
    if (text[i] == quote.mark && run == quote.backslashes) ++marks;
    run = 0;
  }
  return marks % 2 == 1;
}

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

std::optional<Opening> value_in_object(const RecordView& record, size_t at,
                                       const Opening& opening) {
  std::string_view text = record.text;
  if (!opening.bare.json || text.substr(at, 1) != "{") return std::nullopt;
  size_t name = skip_blanks(text, at + 1);
  Quote quote = quote_at(text, name);
  if (quote.none()) return std::nullopt;
  size_t value = value_member(text, name, quote);
  if (value == kNone) return std::nullopt;
  Opening member = open_value_at(record, value);
  if (member.quote.none()) return std::nullopt;
  member.bare.json = true;
  return member;
}

std::optional<Opening> open_value(const RecordView& record, size_t key_begin, size_t key_end) {
  std::string_view text = record.text;
  size_t name_begin = name_start(text, key_begin);
  size_t at = skip_colour(text, key_end);
  Quote key_quote = quote_at(text, at);
  if (key_quote.spelling == 0 && key_quote.mark != 0 && at + key_quote.size() < text.size() &&
      text[at + key_quote.size()] == key_quote.mark && key_quote.backslashes == 0) {
    key_quote.doubled = true;
  }
  if (!key_quote.none()) at += key_quote.size();
  if (at < text.size() && (text[at] == ']' || text[at] == ')') && !key_quote.none()) ++at;
  if (at < text.size() && text[at] == ']' && key_quote.none() && name_begin > 0 &&
      text[name_begin - 1] == '[') {
    ++at;  // user[password]=…
  }
  if (equals_ignoring_case(text.substr(at, 3), "%5d")) at += 3;  // user%5Bpassword%5D=…
  Separator separator = separator_at(text, at, name_begin, key_begin, key_quote);
  if (separator.end == kNone) return std::nullopt;
  if (separator.sentence && name_begin > 0 && text[name_begin - 1] == '/')
    return std::nullopt;  // /etc/passwd: …
  // scheme://oauth2:TOKEN@host is a URL's user and password.
  if (separator.colon && name_begin >= 2 && text.substr(name_begin - 2, 2) == "//")
    return std::nullopt;

  // undefined method `password=' for …
  bool quoted_name = name_begin > 0 && text[name_begin - 1] == '`' && separator.end < text.size() &&
                     text[separator.end] == '\'';
  if (quoted_name) return std::nullopt;

  size_t value = separator.markup ? skip_line_breaks(text, separator.end) : separator.end;
  constexpr std::string_view kCdata = "<![CDATA[";
  if (separator.markup && text.substr(value, kCdata.size()) == kCdata) value += kCdata.size();
  if (separator.markup && is_value_tag(text, value)) {
    if (size_t inside = tag_end(text, value); inside != kNone) value = inside;
  }
  Opening opening = open_value_at(record, value);
  if (key_quote.none() && !opening.quote.none() && !separator.percent &&
      closes_outer_string(text, opening.begin - opening.quote.size(), opening.quote)) {
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

}  // namespace redactd
