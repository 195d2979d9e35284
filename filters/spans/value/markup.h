#pragma once

// Tags around keys and values: `<password>…`, `KEY</name><value>…`, `&lt;password&gt;…`. Text is
// looked at a few hundred bytes far; kNone (npos) means that the form is not there.

#include <cstddef>
#include <string_view>

namespace redactd {

/// The `<` before the name, or before the namespace that it has.
size_t tag_begin(std::string_view text, size_t name_begin);

/// `<password>` as an element's tag, not as a placeholder (`password=<password>`,
/// `://user:<password>@`). Where it may be either, the tag behind it tells (`body=<password>…</`).
/// A mask before it may stand for anything. `open`: its tag_begin().
bool opens_tag(std::string_view text, size_t open, size_t value);

/// Past the > of the tag at `at`, `<td class="v">`.
size_t tag_end(std::string_view text, size_t at);

/// `<Password Type="…">`: past the > of the tag that the key names.
size_t tag_with_attributes(std::string_view text, size_t at);

/// Whether the tag at `at` is of an element that holds a value, as `<td>` does.
bool is_value_tag(std::string_view text, size_t at);

/// Whether the tag at `at` is one around words that stand out, as `<b>` is.
bool is_emphasis_tag(std::string_view text, size_t at);

/// `KEY</td><td>`, `KEY</name><value>`: where the next element's text begins.
size_t next_element(std::string_view text, size_t at);

/// `&lt;ns:password&gt;`: past the tag whose name ends at `at`, if another closes it.
size_t behind_spelt_tag(std::string_view text, size_t key_begin, size_t at);

/// Where the next `&lt;` or `\u003c` stands behind a tag of that spelling; kNone when the tag
/// before `at` is of another.
size_t spelt_markup_end(std::string_view text, size_t at);

}  // namespace redactd
