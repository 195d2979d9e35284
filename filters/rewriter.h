#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "filters/mask.h"
#include "filters/spans/span.h"

namespace redactd {

/// How a mask is written so that what stands around it stays what it was.
struct MaskForm {
  std::string_view quote;  // around it, where it takes a bare JSON scalar's place; static text
  bool escape_brackets = false;  // `]` as `\]`: in a value of RFC 5424's structured data (§6.3.3)
};

/// Makes `forms` the forms of the spans' masks. Widens spans that cover a bare JSON scalar (`"pin":
/// 1234`) to the whole scalar. `view` is the record, or the window of it, that the spans belong to.
void fit_masks(const RecordView& view, std::vector<Span>& spans, std::vector<MaskForm>& forms);

/// Appends the mask of what `span` covers in `text`.
void append_mask(const MaskForm& form, const Span& span, std::string_view text,
                 const Masker& masker, std::string& out);

/// Bytes [begin, end) of a text that were replaced; `out_end` is the output's size behind what took
/// their place.
struct Replaced {
  size_t begin = 0;
  size_t end = 0;
  size_t out_end = 0;
};

/// Appends text[from, to) to `out` with the spans in it masked, and what was replaced to
/// `replaced`. A span that began before `from` has its mask already and is only left out; one that
/// goes on after `to` gets its mask whole.
void append_masked(std::string_view text, size_t from, size_t to, const std::vector<Span>& spans,
                   const std::vector<MaskForm>& forms, const Masker& masker, std::string& out,
                   std::vector<Replaced>& replaced);

}  // namespace redactd
