#include "filters/spans/extent.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "filters/spans/word_list.h"

namespace redactd {
namespace {

static_assert(std::all_of(std::begin(kEncodedQuotes), std::end(kEncodedQuotes),
                          [](std::string_view quote) { return kQuoteStarts.has(quote[0]); }));

constexpr size_t kLookAhead = 64;  // bytes of a following `name=` that are looked at

bool hex_at(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return false;
  for (size_t i = 0; i < count; ++i) {
    if (!is_hex(text[at + i])) return false;
  }
  return true;
}

bool is_name_byte(char c) {
  static constexpr ByteClass kOfNames = alnum_and("_-.[]%");
  return kOfNames.has(c);
}

bool ends_list_item(std::string_view text, size_t separator) {
  size_t next = separator + 1;
  if (next >= text.size() || is_blank(text[next])) return true;
  char c = text[next];
  if (c == '"' || c == '\'' || c == '`' || c == '{' || c == '[' || c == '\\') return true;
  return pair_starts(text, next);
}

bool is_closer(char c) { return c == ')' || c == ']' || c == '}' || c == '>'; }

bool ends_bracket(std::string_view text, size_t closer) {
  size_t next = closer + 1;
  if (next >= text.size()) return true;
  char c = text[next];
  if (c == '{') return text[closer] == ')';  // login(password:$p){token}
  return is_blank(c) || is_closer(c) || c == ',' || c == ';' || c == '.' || c == ':' || c == '"' ||
         c == '\'' || c == '`' || c == '\\' || c == '|';
}

/// The digits of a `\\u` escape that ends a value: a control byte, a quote, a bracket of markup.
bool ends_value(std::string_view code) {
  bool control = code.substr(0, 2) == "00" && (code[2] < '2');
  return control || code == "0022" || code == "0027" || code == "003c" || code == "003C" ||
         code == "003e" || code == "003E" || code == "0026" || code == "0020";
}

/// Length of the escape at a backslash that is part of a bare value (`\\`, `\/`, `\u00e9`); 0: it
/// ends the value.
size_t escape_in_value(std::string_view text, size_t at, const BareContext& context) {
  if (at + 1 >= text.size()) return 1;
  char next = text[at + 1];
  if (next == '"' || next == '\'' || next == '`') return 0;
  if (!context.escapes) return 1;
  if (next == '\\') {
    // `\\n` and `\\"` close a value one level of escaping deeper.
    size_t run = at;
    while (run < text.size() && text[run] == '\\') ++run;
    if (run < text.size() && (text[run] == '"' || text[run] == '\'' || text[run] == '`')) return 0;
    if (run < text.size() && (text[run] == 'n' || text[run] == 'r') && (run - at) % 2 == 0 &&
        (run - at) <= 2) {
      return 0;
    }
    bool unicode = run - at == 2 && text.substr(run, 1) == "u" && hex_at(text, run + 1, 4);
    if (unicode && ends_value(text.substr(run + 1, 4))) return 0;
    std::string_view code = text.substr(run, 3);
    if (run - at == 2 && (code == "x22" || code == "x27")) return 0;
    return run - at;
  }
  if (next == 'n' || next == 'r' || next == 't') return 0;
  if (next == 'u' && hex_at(text, at + 2, 4)) return ends_value(text.substr(at + 2, 4)) ? 0 : 6;
  if (next == 'x' && (text.substr(at + 2, 2) == "22" || text.substr(at + 2, 2) == "27")) return 0;
  return 2;
}

bool percent_ends_value(std::string_view text, size_t at) {
  if (at + 2 >= text.size()) return false;
  static constexpr std::array<std::string_view, 7> kEnds = {"26", "22", "27", "3b",
                                                            "0a", "0d", "20"};
  std::string_view code = text.substr(at + 1, 2);
  while (code == "25" && at + 4 < text.size()) {  // of what was encoded twice
    at += 2;
    code = text.substr(at + 1, 2);
  }
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return equals_ignoring_case(code, end); });
}

/// A doubled quote stands for one inside the value (SQL, CSV, joined shell words) when more of the
/// value follows.
bool doubled_in_value(std::string_view text, size_t mark) {
  if (mark + 2 >= text.size() || text[mark + 1] != text[mark]) return false;
  char after = text[mark + 2];
  return !is_blank(after) && !is_closer(after) && after != ',' && after != ';' &&
         after != text[mark];
}

/// `ESC[` in one of its spellings at `at`: its length, else 0.
size_t colour_start(std::string_view text, size_t at) {
  static constexpr std::array<std::string_view, 9> kEscapes = {
      "\x1b[", "\\u001b[",   "\\u001B[",   "\\x1b[", "\\033[",
      "\\e[",  "\\\\u001b[", "\\\\u001B[", "#033["};
  for (std::string_view escape : kEscapes) {
    if (text.substr(at, escape.size()) == escape) return escape.size();
  }
  return 0;
}

/// `#012`, as syslog daemons print control bytes.
bool control_ends_before(std::string_view text, size_t at) {
  if (at < 4 || text[at - 4] != '#' || text[at - 3] != '0') return false;
  return text[at - 2] >= '0' && text[at - 2] <= '3' && text[at - 1] >= '0' && text[at - 1] <= '7';
}

bool colour_ends_before(std::string_view text, size_t at) {
  size_t i = at - 1;  // on the last letter
  while (i > 0 && at - i < 24 && (is_digit(text[i - 1]) || text[i - 1] == ';')) --i;
  if (i == 0 || text[i - 1] != '[') return false;
  for (size_t start = i - 1; start + 9 > i && start != kNone; --start) {
    size_t length = colour_start(text, start);
    if (length != 0 && start + length == i) return true;
    if (start == 0) break;
  }
  return false;
}

}  // namespace

size_t run_end(std::string_view text, size_t from, const ByteClass& members) {
  constexpr size_t kAtOnce = 4;  // without a look at the text's end
  for (; from + kAtOnce <= text.size(); from += kAtOnce) {
    for (size_t i = 0; i < kAtOnce; ++i) {
      if (!members.has(text[from + i])) return from + i;
    }
  }
  while (from < text.size() && members.has(text[from])) ++from;
  return from;
}

size_t quoted_end(std::string_view text, size_t from, const Quote& quote) {
  if (quote.spelling != 0) {
    size_t at = text.find(quote.encoded(), from);
    return at == kNone ? text.size() : at;
  }
  // A run of b backslashes before a mark: at depth k the closing quote has 2^k - 1 of them, a quote
  // inside the value has 2^(k+1) - 1, and pairs of 2^(k+1) stand for backslashes. Fewer than 2^k -
  // 1 close an outer string.
  size_t period = quote.backslashes == 0 ? 2 : (size_t{quote.backslashes} + 1) * 2;
  size_t search = from;
  while (true) {
    const void* found = search < text.size()
                            ? std::memchr(text.data() + search, quote.mark, text.size() - search)
                            : nullptr;
    if (found == nullptr) return text.size();
    size_t mark = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    size_t run = 0;
    while (mark - run > from && text[mark - run - 1] == '\\') ++run;
    bool inside = run % period == period - 1;
    if (quote.doubled) inside = mark + 1 >= text.size() || text[mark + 1] != quote.mark;
    bool doubled_inside = !quote.doubled && run == 0 && quote.backslashes == 0 &&
                          quote.mark != '`' && mark > from && doubled_in_value(text, mark);
    bool shell_joined = quote.mark == '\'' && text.substr(mark, 4) == "'\\''";
    if (shell_joined) {
      search = mark + 4;
      continue;
    }
    if (doubled_inside) {
      search = mark + 2;
      continue;
    }
    if (!inside) return mark - std::min<size_t>(run % period, quote.backslashes);
    search = mark + 1;
  }
}

size_t end_of_string_around(std::string_view text, size_t from, size_t end) {
  auto backslashes = [text](size_t mark, size_t least) {
    size_t run = 0;
    while (mark - run > least && text[mark - run - 1] == '\\') ++run;
    return run;
  };
  size_t mark = text.substr(0, end).find('"', from);
  if (mark == kNone || from == 0) return end;
  constexpr size_t kMostMarks = 16;
  constexpr ByteClass kOpens = ByteClass::of(":,{[=(");
  size_t open = from;
  size_t depth = 1;
  bool opens = false;
  for (size_t marks = 0; !opens && depth > 0; ++marks) {  // past `\"app\"` in the string
    open = open == 0 || marks == kMostMarks ? kNone : text.rfind('"', open - 1);
    if (open == kNone) return end;
    depth = backslashes(open, 0);
    open -= depth;
    size_t before = open;
    while (before > 0 && is_blank(text[before - 1])) --before;
    opens = before == 0 || kOpens.has(text[before - 1]);
  }
  if (!opens) return end;
  for (; mark < end; mark = text.find('"', mark + 1)) {
    size_t run = backslashes(mark, from);
    if (run <= depth) return mark - run;
  }
  return end;
}

Quote quote_behind(std::string_view text, size_t at) {
  Quote quote;
  size_t i = at;
  while (i < text.size() && text[i] == '\\' && i - at < kMostBackslashes) ++i;
  if (i < text.size() && (text[i] == '"' || text[i] == '\'' || text[i] == '`')) {
    quote.mark = text[i];
    quote.backslashes = static_cast<uint8_t>(i - at);
    return quote;
  }
  static constexpr ByteClass kSeconds = [] {
    ByteClass seconds;
    for (std::string_view encoded : kEncodedQuotes)
      seconds.add(static_cast<unsigned char>(encoded[1]));
    return seconds;
  }();
  if (at + 1 >= text.size() || !kSeconds.has(text[at + 1])) return quote;
  for (size_t n = 0; n < std::size(kEncodedQuotes); ++n) {
    if (text.substr(at, kEncodedQuotes[n].size()) == kEncodedQuotes[n]) {
      quote.spelling = static_cast<uint8_t>(n + 1);
      return quote;
    }
  }
  return quote;
}

/// The punctuation of Chinese and Japanese sentences, behind which no blank follows.
bool is_wide_punctuation(std::string_view rest) {
  static constexpr std::string_view kMarks[] = {
      "\u3001", "\u3002", "\u300d", "\u300f", "\u3011",  // 、 。 」 』 】
      "\uff0c", "\uff1b", "\uff08", "\uff09"};           // ， ； （ ）
  return std::any_of(std::begin(kMarks), std::end(kMarks),
                     [&](std::string_view mark) { return rest.starts_with(mark); });
}

size_t bare_end(std::string_view text, size_t from, const BareContext& context) {
  size_t opened = 0;
  size_t i = from;
  while (true) {
    i = run_end(text, i, kInBare);
    if (i >= text.size()) return i;
    char c = text[i];
    if (is_blank(c)) return i;
    switch (c) {
      case '"':
      case '`':
        return i;
      case '\'':
        if (context.single_quote_ends || ends_bracket(text, i)) return i;
        break;
      case '\\': {
        size_t length = escape_in_value(text, i, context);
        if (length == 0) return i;
        i = std::min(text.size(), i + length);
        continue;
      }
      case '%':
        if (context.percent && percent_ends_value(text, i)) return i;
        break;
      case '<':
        if (context.markup) return i;
        if (i + 1 < text.size() && (text[i + 1] == '/' || is_letter(text[i + 1]))) return i;
        break;
      case '&':
        if (context.query || ends_list_item(text, i)) return i;
        break;
      case ',':
        if (context.json || ends_list_item(text, i)) return i;
        break;
      case ';':
      case '|':
        if (ends_list_item(text, i)) return i;
        break;
      case '\xe3':
      case '\xef':
        if (is_wide_punctuation(text.substr(i))) return i;
        if (i == from && text.substr(i).starts_with("\uff1a")) return i;  // ：belongs to the key
        break;
      case '[':
        if (size_t mask = mask_at(text, i); mask != 0) {
          i += mask;
          continue;
        }
        ++opened;
        break;
      case '(':
      case '{':
        ++opened;
        break;
      case ')':
      case ']':
      case '}':
      case '>':
        if (context.json && c != ')' && c != '>') return i;
        if (c != '>' && opened > 0) {
          --opened;
        } else if (ends_bracket(text, i)) {
          return i;
        }
        break;
      default:
        break;
    }
    ++i;
  }
}

size_t bare_end_before(std::string_view text, size_t from, size_t limit,
                       const BareContext& context) {
  std::string_view near = text.substr(0, std::min(text.size(), limit + kLookAhead));
  return std::min(limit, bare_end(near, from, context));
}

bool pair_starts(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  size_t end = std::min(text.size(), at + kLookAhead);
  size_t i = at;
  while (i < end && is_name_byte(text[i])) ++i;
  return i > at && i < end && (text[i] == '=' || text[i] == ':');
}

size_t colours_end(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == '\x1b' || text[at] == '\\' || text[at] == '#')) {
    size_t start = colour_start(text, at);
    if (start == 0) return at;
    size_t i = at + start;
    while (i < text.size() && i - at < 32 && (is_digit(text[i]) || text[i] == ';')) ++i;
    if (i >= text.size() || !kColourEnds.has(text[i])) return at;
    at = i + 1;
  }
  return at;
}

size_t mask_at(std::string_view text, size_t at) {
  static constexpr std::string_view kOpen = "[REDACTED";
  if (at >= text.size() || text[at] != '[') return 0;
  if (text.substr(at, kOpen.size()) != kOpen) return 0;
  size_t i = at + kOpen.size();
  if (i < text.size() && text[i] == ':') {
    ++i;
    size_t limit = std::min(text.size(), i + 200);
    while (i < limit && (is_lower(text[i]) || is_digit(text[i]) || text[i] == '-' ||
                         text[i] == ':' || is_upper(text[i]) || text[i] == '_' || text[i] == '.')) {
      ++i;
    }
  }
  while (i < text.size() && text[i] == '\\') ++i;  // structured data
  return i < text.size() && text[i] == ']' ? i + 1 - at : 0;
}

size_t bracket_before(std::string_view text, size_t at, size_t most) {
  size_t from = at > most ? at - most : 0;
  const void* open = memrchr(text.data() + from, '[', at - from);
  return open == nullptr ? kNone
                         : static_cast<size_t>(static_cast<const char*>(open) - text.data());
}

bool inside_mask(std::string_view text, size_t at) {
  size_t open = bracket_before(text, at, kMaskReach);
  if (open == kNone) return false;
  size_t length = mask_at(text, open);
  return length != 0 && at < open + length;
}

bool word_starts(std::string_view text, size_t at) {
  if (at == 0) return true;
  char before = text[at - 1];
  if (!is_alnum(before)) return true;
  if (at >= 2 && text[at - 2] == '\\' && std::strchr("nrtbfv0ae", before) != nullptr) return true;
  if (kColourEnds.has(before) && colour_ends_before(text, at)) return true;
  if (control_ends_before(text, at)) return true;
  if (!is_hex(before)) return false;
  if (at >= 3 && text[at - 3] == '%' && is_hex(text[at - 2])) return true;
  if (at >= 5 && text.substr(at - 5, 3) == "%25" && is_hex(text[at - 2])) return true;
  if (at >= 4 && text[at - 4] == '\\' && text[at - 3] == 'x' && is_hex(text[at - 2])) return true;
  return at >= 6 && text[at - 6] == '\\' && text[at - 5] == 'u' && hex_at(text, at - 4, 4);
}

}  // namespace redactd
