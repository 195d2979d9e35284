#include "filters/spans/value/markup.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

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

/// `'curl -H "X-Token: <token>"', 'code': 3`: the quote at `at` closes a string.
bool string_ends(std::string_view text, size_t at) {
  return at + 1 < text.size() && (text[at] == '"' || text[at] == '\'') && !is_alnum(text[at + 1]);
}

/// `[--token <token>] [--user <user>]`: in a usage line.
bool closes_option(std::string_view text, size_t value) { return text.substr(value, 1) == "]"; }

/// `bot<token>/sendMessage`: in place of a part of an address.
bool is_segment(std::string_view text, size_t open, size_t value) {
  return text.substr(value, 1) == "/" && is_alnum(text[open - 1]);
}

/// `<` and `>` as they are spelt in markup, in JSON and in URLs.
struct TagMarks {
  std::string_view open;
  std::string_view close;
};
constexpr TagMarks kSpeltMarks[] = {{"&lt;", "&gt;"},
                                    {"\\u003c", "\\u003e"},
                                    {"\\u003C", "\\u003E"},
                                    {"%3C", "%3E"},
                                    {"%3c", "%3e"}};

}  // namespace

size_t tag_begin(std::string_view text, size_t name_begin) {
  size_t open = name_begin;
  if (open > 0 && text[open - 1] == ':') {  // <ns:password>
    --open;
    while (open > 0 && is_name_byte(text[open - 1])) --open;
  }
  return open == 0 || text[open - 1] != '<' ? kNone : open - 1;
}

bool opens_tag(std::string_view text, size_t open, size_t value) {
  std::string_view before = text.substr(0, open);
  bool placeholder =
      !before.empty() &&
      (std::string_view("=:/@").find(before.back()) != kNone || ends_in_mask(before) ||
       string_ends(text, value) || is_segment(text, open, value) || closes_option(text, value));
  return !placeholder || closing_tag_follows(text, value);
}

size_t tag_end(std::string_view text, size_t at) {
  constexpr size_t kLongestTag = 256;
  if (at + 1 >= text.size() || text[at] != '<') return kNone;
  size_t close =
      text.substr(0, std::min(text.size(), at + kLongestTag)).find_first_of("<>", at + 1);
  return close == kNone || text[close] == '<' ? kNone : close + 1;
}

size_t tag_with_attributes(std::string_view text, size_t at) {
  constexpr size_t kLongestTag = 256;
  size_t close = text.substr(0, std::min(text.size(), at + kLongestTag)).find_first_of("<>", at);
  if (close == kNone || text[close] == '<' || text[close - 1] == '/') return kNone;
  return text.substr(at, close - at).find('=') == kNone ? kNone : close + 1;
}

bool is_value_tag(std::string_view text, size_t at) {
  static constexpr std::string_view kTags[] = {"<td",     "<dd",           "<value",
                                               "<string", "<pre>",         "<code",
                                               "<span",   "<param-value>", "<env-entry-value>"};
  return std::any_of(std::begin(kTags), std::end(kTags), [&](std::string_view tag) {
    return starts_with_ignoring_case(text.substr(at, tag.size()), tag);
  });
}

bool is_emphasis_tag(std::string_view text, size_t at) {
  static constexpr std::string_view kTags[] = {"<b>", "<strong>", "<em>", "<i>", "<tt>", "<kbd>"};
  return std::any_of(std::begin(kTags), std::end(kTags), [&](std::string_view tag) {
    return starts_with_ignoring_case(text.substr(at, tag.size()), tag);
  });
}

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

size_t behind_spelt_tag(std::string_view text, size_t key_begin, size_t at) {
  constexpr size_t kLongestName = 64;
  if (text[at] != '&' && text[at] != '\\' && text[at] != '%') return kNone;
  std::string_view rest = text.substr(at);
  for (const TagMarks& marks : kSpeltMarks) {
    if (!rest.starts_with(marks.close)) continue;
    const size_t from = key_begin > kLongestName ? key_begin - kLongestName : 0;
    std::string_view before = text.substr(from, key_begin - from);
    const size_t open = before.rfind(marks.open);
    if (open == kNone) return kNone;
    std::string_view name = before.substr(open + marks.open.size());
    if (!std::all_of(name.begin(), name.end(), [](char c) { return is_name_byte(c) || c == ':'; }))
      return kNone;
    const size_t value = at + marks.close.size();
    const size_t end = spelt_markup_end(text, value);
    if (end == kNone) return kNone;
    std::string_view next = text.substr(end + marks.open.size());
    bool closes = next.starts_with('/') || next.starts_with("\\/") || next.starts_with("%2F") ||
                  next.starts_with("%2f");
    return closes ? value : kNone;
  }
  return kNone;
}

size_t spelt_markup_end(std::string_view text, size_t at) {
  constexpr size_t kLongest = 1024;
  std::string_view before = text.substr(0, at);
  for (const TagMarks& marks : kSpeltMarks) {
    if (before.ends_with(marks.close))
      return text.substr(0, std::min(text.size(), at + kLongest)).find(marks.open, at);
  }
  return kNone;
}

}  // namespace redactd
