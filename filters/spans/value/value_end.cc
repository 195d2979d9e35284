#include "filters/spans/value/value_resolver.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/markup.h"
#include "filters/spans/value/separator.h"

namespace redactd {
namespace {

/// `{{ name }}`, `${{ name }}` and `<%= name %>` hold blanks, which end other values. Npos when
/// there is none at `at`.
size_t template_end(std::string_view text, size_t at) {
  constexpr size_t kLongest = 160;
  const bool erb = text.substr(at, 3) == "<%=";
  if (!erb && text.substr(at, 2) != "{{" && text.substr(at, 3) != "${{") return kNone;
  std::string_view near = text.substr(0, std::min(text.size(), at + kLongest));
  const size_t close = near.find(erb ? "%>" : "}}", at);
  return close == kNone ? kNone : close + 2;
}

/// An element's text goes on to the next tag, blanks included. Npos when there is none near.
size_t markup_end(std::string_view text, size_t at) {
  constexpr size_t kLongest = 1024;
  size_t close = text.substr(0, std::min(text.size(), at + kLongest)).find('<', at);
  return close == at ? kNone : close;
}

/// `\n`, `\\n`, `\\\\n`, however deep the string is in others.
bool is_spelt_break(std::string_view text, size_t at) {
  const size_t letter = text.find_first_not_of('\\', at);
  if (letter == kNone || letter == at || (text[letter] != 'n' && text[letter] != 'r')) return false;
  const size_t backslashes = letter - at;
  return (backslashes & (backslashes - 1)) == 0;
}

/// `realm=` before the quote at `at`, not the padding of `Basic dXNlcjpw…=`.
bool names_parameter(std::string_view text, size_t at) {
  constexpr size_t kLongest = 32;
  size_t name = at - 1;  // on the =
  size_t capitals = 0;
  while (name > 0 && at - name < kLongest &&
         (is_letter(text[name - 1]) || text[name - 1] == '_' || text[name - 1] == '-'))
    capitals += is_upper(text[--name]);
  if (name + 1 == at || !is_lower(text[name]) || capitals > 1) return false;  // keyId
  return name == 0 || is_blank(text[name - 1]) || text[name - 1] == ',' || text[name - 1] == ':';
}

}  // namespace

size_t ValueResolver::value_end(const Opening& opening) const {
  size_t end = 0;
  if (opening.quote.none()) {
    end = template_end(text_, opening.begin);
    size_t mask = mask_at(text_, opening.begin);
    if (mask != 0 && text_.substr(opening.begin + mask, 1) == "'") return opening.begin + mask;
    if (end == kNone && opening.bare.markup) end = spelt_markup_end(text_, opening.begin);
    if (end == kNone && opening.bare.markup) end = markup_end(text_, opening.begin);
    if (end == kNone) return bare_value_end(opening.begin, opening);
  } else {
    end = quoted_end(text_, opening.begin, opening.quote);
    record_.work += end - opening.begin;
    if (opening.quote.mark != '"') return end_of_string_around(text_, opening.begin, end);
  }
  record_.work += end - opening.begin;
  return end;
}

/// Where the value without quotes ends that stands at `at`.
size_t ValueResolver::bare_value_end(size_t at, const Opening& opening) const {
  constexpr size_t kLong = 64;
  // What bare_end() remembers; a backslash only where it begins an escape.
  static constexpr ByteClass kRemembered = ByteClass::of("([{)]}>");
  static constexpr ByteClass kAmongEscapes = ByteClass::of("\\([{)]}>");
  if (opening.bare.escapes && is_spelt_break(text_, at)) return at;  // it is on the next line
  RecordView::BareMemo& memo = record_.bare;
  if (memo.from <= at && at < memo.end && memo.context == opening.bare) return memo.end;
  const size_t end = bare_end(text_, at, opening.bare);
  record_.work += end - at;
  const ByteClass& remembered = opening.bare.escapes ? kAmongEscapes : kRemembered;
  if (end - at > kLong && !remembered.any_in(text_.substr(at, end - at)))
    memo = {at, end, opening.bare};
  return end;
}

/// Where the header ends, or before the first word that a wallet's phrase has not.
size_t ValueResolver::phrase_end(const Opening& opening) const {
  constexpr size_t kMostWords = 24;
  constexpr size_t kShortestWord = 3;
  constexpr size_t kLongestWord = 8;
  const size_t end = header_end(opening);
  const bool phrase =
      rule_.validators.size() == 1 && rule_.validators[0].kind == Validator::Kind::phrase;
  if (!phrase) return end;
  size_t last = opening.begin;
  for (size_t words = 0, at = opening.begin; words < kMostWords && at < end; ++words) {
    size_t stop = at;
    while (stop < end && is_lower(text_[stop])) ++stop;
    if (stop - at < kShortestWord || stop - at > kLongestWord) break;
    if (stop < end && is_name_byte(text_[stop])) break;  // node-7
    last = stop;
    if (stop < end && text_[stop] == ',') ++stop;
    if (stop >= end || text_[stop] != ' ') break;
    at = stop + 1;
  }
  return last;
}

/// A header's value goes on to the end of its line, or to the quote around the whole header.
size_t ValueResolver::header_end(const Opening& opening) const {
  if (!opening.quote.none()) return value_end(opening);
  if (!opening.outer.none()) {
    size_t end = quoted_end(text_, opening.begin, opening.outer);
    record_.work += end - opening.begin;
    if (end < text_.size()) return end;
  }
  RecordView::HeaderMemo& memo = record_.header;
  bool known = memo.from <= opening.begin && opening.begin <= memo.end &&
               memo.escapes == opening.bare.escapes &&
               memo.single_quote_ends == opening.bare.single_quote_ends;
  if (!known) {
    memo = {opening.begin, line_end(opening), opening.bare.escapes, opening.bare.single_quote_ends};
    record_.work += memo.end - memo.from;
  }
  return memo.end;
}

/// The end of the line or of the string that the header stands in. Quoted parameters (realm="…")
/// are passed over.
size_t ValueResolver::line_end(const Opening& opening) const {
  static constexpr ByteClass kPlain = [] {
    constexpr ByteClass kTelling = ByteClass::of("\r\n`\"'\\");
    ByteClass plain;
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (!kTelling.has(static_cast<char>(byte))) plain.add(static_cast<unsigned char>(byte));
    }
    return plain;
  }();
  size_t at = opening.begin;
  while (true) {
    at = run_end(text_, at, kPlain);
    if (at >= text_.size()) return at;
    char c = text_[at];
    if (c == '\r' || c == '\n' || c == '`') return at;
    Quote quote = quote_at(text_, at);
    if (quote.mark == '\'' && !opening.bare.single_quote_ends) {
      at += quote.size();
    } else if (quote.mark != 0 && at > opening.begin && text_[at - 1] == '=' &&
               names_parameter(text_, at)) {
      size_t close = quoted_end(text_, at + quote.size(), quote);
      at = std::min(text_.size(), close + quote.size());
    } else if (opening.bare.escapes && (quote.mark != 0 || line_break_at(at))) {
      return at;
    } else {  // what is true of the first of many backslashes is true of all
      at = std::max(at + 1, std::min(text_.find_first_not_of('\\', at), text_.size()));
    }
  }
}

/// `\n`, `\r` or, in JSON in JSON, `\\n`.
bool ValueResolver::line_break_at(size_t at) const {
  size_t letter = text_.find_first_not_of('\\', at);
  return letter != kNone && letter > at && (text_[letter] == 'n' || text_[letter] == 'r');
}

}  // namespace redactd
