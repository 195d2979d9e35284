#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "filters/mask.h"
#include "filters/spans/span.h"

namespace redactd {

/// Widens spans that cover a bare JSON scalar (`"pin": 1234`) to the whole scalar and returns, for
/// each span, the quote to put around its mask so that the JSON stays valid; empty where none is
/// needed. The views point to static text. `text` is the record that the spans belong to.
std::vector<std::string_view> quote_bare_json(std::string_view text, std::vector<Span>& spans);

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
                   const std::vector<std::string_view>& quotes, const Masker& masker,
                   std::string& out, std::vector<Replaced>& replaced);

}  // namespace redactd
