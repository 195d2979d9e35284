#include "filters/spans/value/separator.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/bare_key.h"
#include "filters/spans/value/markup.h"
#include "filters/spans/value/quoted_key.h"

namespace redactd {
namespace {

/// `?=` `::=` `:::=` `.=` `+=` `||=`: its length, else 0.
size_t compound_assignment(std::string_view rest) {
  static constexpr ByteClass kFirsts = ByteClass::of("?:.+|");
  if (!kFirsts.has(rest[0])) return 0;
  for (std::string_view assignment : {"?=", "::=", ":::=", ".=", "+=", "||=", "?\?="}) {
    if (rest.starts_with(assignment)) return assignment.size();
  }
  return 0;
}

/// `|` or `>-` of YAML and the escaped line break behind it: where the value begins, else npos.
size_t spelt_block(std::string_view text, size_t at) {
  if (at >= text.size() || (text[at] != '|' && text[at] != '>')) return kNone;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const size_t value = skip_line_breaks(text, at);
  const bool spelt = value > at && (text[at] == '\\' || text[at] == '#');
  return spelt ? value : kNone;
}

/// `|`, `│` or `┃` between the cells of a table: its length, else 0.
size_t cell_bar(std::string_view rest) {
  if (rest[0] == '|') return 1;
  return rest.starts_with("\u2502") || rest.starts_with("\u2503") ? 3 : 0;
}

/// `password <- "…"` of R.
bool is_assigned(const BehindKey& key) {
  return key.blank_before && key.rest.starts_with("<- ") && !quote_at(key.text, key.at + 3).none();
}

/// `process.env.DB_PASSWORD || '…'`, `?? '…'`, `?: "…"`: what is taken when nothing is set.
size_t behind_or(const BehindKey& key) {
  if (!key.blank_before) return kNone;
  for (std::string_view mark : {"|| ", "?? ", "?: "}) {
    if (key.rest.starts_with(mark) && !quote_at(key.text, key.at + mark.size()).none())
      return key.at + mark.size();
  }
  return kNone;
}

/// `=` `==` `=>` `=~`
Separator behind_equals(const BehindKey& key) {
  static constexpr ByteClass kMore = ByteClass::of("=>~");
  size_t end = key.at + 1;
  if (key.rest.starts_with("=&gt;")) return Separator::to(key.at + 5);
  while (end < key.text.size() && end < key.at + 3 && kMore.has(key.text[end])) ++end;
  // `["password"]=>\n  string(12) "…"` of PHP, in a string
  if (key.rest.starts_with("=>\\")) {
    size_t value = skip_line_breaks(key.text, end);
    if (key.text.substr(value).starts_with("string(")) return Separator::to(value);
  }
  bool compared = key.rest.starts_with("== ") && key.blank_before;
  return compared ? Separator::words(end) : Separator::to(end);  // token == expected_token
}

/// `!= "…"`, `!== "…"`: what something is compared with.
Separator behind_unequal(const BehindKey& key) {
  if (!key.rest.starts_with("!=")) return {};
  size_t end = key.at + (key.rest.starts_with("!==") ? 3 : 2);
  return quote_at(key.text, skip_blanks(key.text, end)).none() ? Separator{} : Separator::to(end);
}

/// `password | …`, as psql prints a record, behind the header of a log or in a string.
bool is_only_cell(const BehindKey& key, size_t bar) {
  constexpr size_t kReach = 256;
  constexpr size_t kHeader = 128;
  const size_t begin = key.place.name_begin;
  const size_t from = begin - std::min(begin, kHeader);
  std::string_view header = key.text.substr(from, begin - from);
  const bool starts = header.ends_with("  ") || header.ends_with(": ") || header.ends_with("] ") ||
                      header.ends_with("- ") || header.ends_with("F ") || header.ends_with('"') ||
                      header.ends_with("\\n");
  std::string_view mark = key.rest.substr(0, bar);
  return starts && key.place.quote.none() && header.find(mark) == kNone &&
         key.rest.substr(bar, kReach).find(mark) == kNone;
}

/// `| password | … |`: the next cell of a table.
Separator behind_bar(const BehindKey& key, size_t bar) {
  size_t before = key.quote_begin();
  while (before > 0 && is_blank(key.text[before - 1])) --before;
  const bool first = key.blank_before && (before == 0 || is_only_cell(key, bar));
  if (!first && !key.text.substr(0, before).ends_with(key.rest.substr(0, bar))) return {};
  return Separator::doubtful_words(key.at + bar);
}

/// Past the short tags at `at`, `</b>` or `</th> <td>`, and the blanks behind them; npos when one
/// does not end.
size_t behind_short_tags(std::string_view text, size_t at) {
  constexpr size_t kLongestTag = 16;
  constexpr size_t kMostTags = 4;
  for (size_t i = 0; i < kMostTags && at < text.size() && text[at] == '<'; ++i) {
    const size_t close = text.substr(at, kLongestTag).find('>');
    if (close == kNone) return kNone;
    at = skip_blanks(text, at + close + 1);
  }
  return at;
}

/// `**Password:** …` of Markdown, `<b>Password:</b> …` and `Password: <code>…` of HTML, also
/// `</th><td>`: where the value begins, else npos.
size_t behind_emphasis(const BehindKey& key, size_t at) {
  if (!key.place.quote.none() || at >= key.text.size()) return kNone;
  for (std::string_view mark : {"** ", "__ ", "* "}) {
    if (key.text.substr(at).starts_with(mark)) return at + mark.size();
  }
  const size_t tag = skip_blanks(key.text, at);
  if (tag >= key.text.size() || key.text[tag] != '<') return kNone;
  const bool opens = is_value_tag(key.text, tag) || is_emphasis_tag(key.text, tag);
  if (!opens && key.text.substr(at, 2) != "</") return kNone;
  return behind_short_tags(key.text, opens ? tag : at);
}

/// `<b>Password</b>: …`: where the value begins, else npos.
size_t behind_emphasized_name(const BehindKey& key) {
  if (!key.rest.starts_with("</") || !key.place.quote.none()) return kNone;
  const size_t colon = behind_short_tags(key.text, key.at);
  if (colon == kNone || colon >= key.text.size() || key.text[colon] != ':') return kNone;
  return behind_short_tags(key.text, skip_blanks(key.text, colon + 1));
}

Separator behind_colon(const BehindKey& key) {
  if (key.rest.starts_with("::")) {  // a scope, or base64 of LDIF
    bool ldif = key.rest.starts_with(":: ") && !key.blank_before && key.place.quote.none();
    return ldif ? Separator::doubtful(key.at + 3) : Separator{};
  }
  if (key.rest.starts_with(":?") && key.text.substr(0, key.place.name_begin).ends_with("${"))
    return {};  // ${DB_PASSWORD:?must be set}
  Separator found = Separator::to(key.at + (key.rest.starts_with(":=") ? 2 : 1));
  const size_t next = skip_blanks(key.text, found.end);
  if (size_t typed = typed_assignment(key.text, next); typed != kNone)
    return Separator::to(typed);  // let password: string = "…"
  if (size_t block = spelt_block(key.text, next); block != kNone) return Separator::to(block);
  found.colon = true;
  if (size_t value = behind_emphasis(key, found.end); value != kNone)
    return Separator::doubtful_words(value);
  const size_t behind = skip_colour(key.text, found.end);
  found.sentence = (key.place.quote.none() || key.blank_before) && behind < key.text.size() &&
                   is_blank(key.text[behind]);
  return found;
}

/// `<password>` and `<Password Type="…">`: past it, else npos.
size_t behind_tag(const BehindKey& key) {
  if (!key.place.quote.none()) return kNone;
  const size_t open = tag_begin(key.text, key.place.name_begin);
  if (open == kNone) return kNone;
  if (key.blank_before) {
    size_t value = tag_with_attributes(key.text, key.at);
    return value != kNone && opens_tag(key.text, open, value) ? value : kNone;
  }
  bool tag = key.rest.size() > 1 && key.rest[0] == '>' && !is_blank(key.rest[1]) &&
             opens_tag(key.text, open, key.at + 1);
  return tag ? key.at + 1 : kNone;
}

/// Past the `%20` or `+` that json.dumps() has behind a colon, and the `%5B` of a list.
size_t spelt_blank(const BehindKey& key, size_t at) {
  std::string_view rest = key.text.substr(at);
  bool quote = rest.starts_with("+%22") || rest.starts_with("+%27");
  if (rest.starts_with("%20")) at += 3;
  if (quote) ++at;
  rest = key.text.substr(at);
  bool list =
      starts_with_ignoring_case(rest, "%5b%22") || starts_with_ignoring_case(rest, "%5b%27");
  return list ? at + 3 : at;
}

Separator behind_entity(const BehindKey& key) {
  for (std::string_view entity : {"&#61;", "&#x3d;", "&equals;", "&#58;", "&colon;"}) {
    if (starts_with_ignoring_case(key.rest, entity)) return Separator::to(key.at + entity.size());
  }
  return {};
}

/// `%3D`, also encoded twice and more.
Separator behind_percent(const BehindKey& key) {
  for (std::string_view escaped : {"%3d", "%3a", "%253d", "%253a", "%25253d"}) {
    if (!starts_with_ignoring_case(key.rest, escaped)) continue;
    Separator found = Separator::to(spelt_blank(key, key.at + escaped.size()));
    found.percent = true;
    found.sentence = key.place.quote.none() && found.end > key.at + escaped.size();
    return found;
  }
  return {};
}

/// `\u003d`, `\=`
Separator behind_backslash(const BehindKey& key) {
  for (std::string_view equals : {"\\=", "\\\\=", "\\x3d", "\\x3D", "\\x3a",
                                  "\\x3A"}) {  // of CEF, also in JSON; of JavaScript
    if (key.rest.starts_with(equals)) return Separator::to(key.at + equals.size());
  }
  bool json = starts_with_ignoring_case(key.rest, "\\u003d") ||
              starts_with_ignoring_case(key.rest, "\\u003a");
  return json ? Separator::to(key.at + 6) : Separator{};
}

Separator behind_encoded(const BehindKey& key) {
  switch (key.rest[0]) {
    case '&':
      return behind_entity(key);
    case '%':
      return behind_percent(key);
    case '\\':
      return behind_backslash(key);
    default:
      return {};
  }
}

Separator read_any(const BehindKey& key) {
  if (key.rest.empty()) return {};
  if (key.rest[0] == '=') return behind_equals(key);
  if (key.rest[0] == ':' && !key.rest.starts_with("::")) return behind_colon(key);
  if (key.rest[0] == '!') return behind_unequal(key);
  if (size_t value = behind_or(key); value != kNone) return Separator::to(value);
  if (size_t bar = cell_bar(key.rest); bar != 0) return behind_bar(key, bar);
  if (size_t length = compound_assignment(key.rest); length != 0)
    return Separator::to(key.at + length);
  if (key.rest[0] == ':') return behind_colon(key);
  if (key.rest[0] == '<' && brackets_show_value(key)) return Separator::doubtful(key.at + 1);
  if (size_t value = behind_emphasized_name(key); value != kNone)
    return Separator::doubtful_words(value);
  if (key.rest[0] == '<')
    return is_assigned(key) ? Separator::to(key.at + 3)
                            : Separator::tag(next_element(key.text, key.at));
  if (size_t value = behind_tag(key); value != kNone)
    return Separator::tag(value, key.rest[0] != '>');
  if (key.blank_before && key.rest.starts_with("-> ")) return Separator::words(key.at + 3);
  if (key.blank_before && key.rest.starts_with("\u2192 "))
    return Separator::words(key.at + 4);  // →
  if (size_t value = behind_spelt_tag(key.text, key.place.key_begin, key.at); value != kNone)
    return Separator::tag(value);
  if (Separator escaped = behind_encoded(key); escaped.end != kNone) return escaped;
  return key.place.quote.none() ? behind_bare_name(key) : behind_quoted_name(key);
}

}  // namespace

BehindKey::BehindKey(std::string_view whole, size_t end, const KeyPlace& name)
    : text(whole),
      key_end(end),
      place(name),
      at(skip_colour(whole, skip_blanks(whole, skip_colour(whole, end)))),
      rest(whole.substr(std::min(at, whole.size()))),
      blank_before(at > end && is_blank(whole[at - 1])) {}

Separator separator_at(std::string_view text, size_t at, const KeyPlace& key) {
  const BehindKey behind(text, at, key);
  Separator found = read_any(behind);
  found.of_name = !behind.rest.empty() && (behind.rest[0] == '=' || behind.rest[0] == ':');
  return found;
}

size_t skip_line_breaks(std::string_view text, size_t at) {
  while (at < text.size()) {
    size_t letter = text.find_first_not_of('\\', at);
    if (is_blank(text[at])) {
      ++at;
    } else if (letter != kNone && letter > at &&
               (text[letter] == 'n' || text[letter] == 'r' || text[letter] == 't')) {
      at = letter + 1;
    } else if (text.substr(at, 3) == "#01" && at + 3 < text.size() && text[at + 3] <= '5') {
      at += 4;  // as syslog daemons print it
    } else {
      break;
    }
  }
  return at;
}

}  // namespace redactd
