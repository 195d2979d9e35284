#pragma once

// What stands between a key and its value: `=`, `: `, `=>`, `</name><value>`, `%3D`, a blank …

#include <cstddef>
#include <string_view>

#include "filters/spans/span.h"

namespace redactd {

struct Separator {
  size_t end = static_cast<size_t>(-1);  // where the value may begin; npos: there is none
  bool doubt = false;                    // it proves less than an =
  bool colon = false;
  bool percent = false;
  bool markup = false;
  bool sentence = false;
};

/// A key in its text: `db.` is part of the name of `db.password`, not of the key.
struct KeyPlace {
  size_t name_begin = 0;
  size_t key_begin = 0;
  Quote quote;  // around the name
};

/// The separator at `at`, just past the key and its closing quote.
Separator separator_at(std::string_view text, size_t at, const KeyPlace& key);

/// `"name":"KEY","value":"…"` and `name="KEY" value="…"`: past the second name's separator, else
/// npos.
size_t value_member(std::string_view text, size_t at, const Quote& key_quote);

size_t skip_blanks(std::string_view text, size_t at);

/// `<token>\n  value`: blanks and line breaks in their spelling.
size_t skip_line_breaks(std::string_view text, size_t at);

/// Whether the tag at `at` is of an element that holds a value, as `<td>` does.
bool is_value_tag(std::string_view text, size_t at);

/// Past the > of the tag at `at`, `<td class="v">`; npos when there is none near.
size_t tag_end(std::string_view text, size_t at);

/// Where the next `&lt;` or `\u003c` stands behind a tag of that spelling; npos when the tag before
/// `at` is of another.
size_t spelt_markup_end(std::string_view text, size_t at);

/// What names are made of.
bool is_name_byte(char c);

}  // namespace redactd
