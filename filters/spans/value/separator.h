#pragma once

// What stands between a key and its value: `=`, `: `, `=>`, `</name><value>`, `%3D`, a blank …

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "filters/byte_class.h"
#include "filters/spans/span.h"
#include "filters/spans/word_list.h"

namespace redactd {

struct Separator {
  size_t end = static_cast<size_t>(-1);  // where the value may begin; npos: there is none
  bool doubt = false;                    // it proves less than an =
  bool colon = false;
  bool percent = false;
  bool markup = false;
  bool sentence = false;
  bool of_name = false;  // the same whatever part of the name the key is

  // Behind which the value begins at `value`:
  static Separator to(size_t value) {
    Separator found;
    found.end = value;
    return found;
  }
  static Separator doubtful(size_t value) {
    Separator found = to(value);
    found.doubt = true;
    return found;
  }
  static Separator words(size_t value) {
    Separator found = to(value);
    found.sentence = true;
    return found;
  }
  static Separator doubtful_words(size_t value) {
    Separator found = words(value);
    found.doubt = true;
    return found;
  }
  static Separator tag(size_t value, bool doubt = true) {
    Separator found = to(value);
    found.markup = true;
    found.doubt = doubt;
    return found;
  }
};

/// A key in its text: `db.` is part of the name of `db.password`, not of the key.
struct KeyPlace {
  size_t name_begin = 0;
  size_t key_begin = 0;
  Quote quote;  // around the name
};

/// A key and what follows it, for those who look for a separator there. Views of the text and of
/// the place, which outlive it.
struct BehindKey {
  BehindKey(std::string_view whole, size_t end, const KeyPlace& name);

  /// Where the quote before the name stands; the name's begin when it has none.
  size_t quote_begin() const {
    return place.name_begin - std::min(place.name_begin, place.quote.size());
  }

  std::string_view text;
  size_t key_end;  // past the key's closing quote
  const KeyPlace& place;
  size_t at;              // past the blanks and colours that follow
  std::string_view rest;  // the text from there; not empty where a form is looked for
  bool blank_before;
};

/// The separator at `at`, just past the key and its closing quote.
Separator separator_at(std::string_view text, size_t at, const KeyPlace& key);

/// Behind blanks and tabs, of which a few dozen may stand around a separator.
inline size_t skip_blanks(std::string_view text, size_t at) {
  constexpr size_t kMost = 64;
  const size_t limit = std::min(text.size(), at + kMost);
  while (at < limit && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

/// `<token>\n  value`: blanks and line breaks in their spelling.
size_t skip_line_breaks(std::string_view text, size_t at);

/// What names are made of.
inline bool is_name_byte(char c) {
  static constexpr ByteClass kNameBytes = alnum_and("_-.");
  return kNameBytes.has(c);
}

}  // namespace redactd
