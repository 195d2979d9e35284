#include "filters/spans/block_lines.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/key_bytes.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr size_t kStrangerRun =
    24;  // key material in a line that is otherwise no part of the block
constexpr size_t kShortLine = 16;

/// `\/`: JSON may escape the slashes of base64.
bool slash_after_backslashes(std::string_view text, size_t at) {
  size_t next = text.find_first_not_of('\\', at);
  return next != kNone && text[next] == '/';
}

/// `Proc-Type: 4,ENCRYPTED` and the like (RFC 1421 §4.6, RFC 4880 §6.2).
bool is_block_header(std::string_view content) {
  size_t colon = content.find(": ");
  if (colon == kNone || colon == 0 || colon > 24) return false;
  std::string_view name = content.substr(0, colon);
  static constexpr std::string_view kNames[] = {
      "Proc-Type", "DEK-Info",       "Version",  "Comment", "Hash",   "Charset",
      "MessageID", "Content-Domain", "Key-Info", "Subject", "Issuer", "Headers"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// A run of base64, `\/` included. A short one must not read as a word, or a key whose end never
/// comes would swallow the one-word lines after it.
bool is_key_material(std::string_view content) {
  if (content.empty()) return false;
  bool alphabet = std::all_of(content.begin(), content.end(),
                              [](char c) { return is_key_byte(c) || c == '\\'; });
  if (!alphabet || content.size() >= kShortLine) return alphabet;
  bool upper = std::all_of(content.begin(), content.end(), is_upper);
  bool word = std::all_of(content.begin() + 1, content.end(), is_lower) && is_letter(content[0]);
  return !upper && !word;
}

}  // namespace

size_t matching_prefix(std::string_view text, std::string_view prefix) {
  size_t t = skip_colour(text, 0);
  size_t p = 0;
  while (p < prefix.size()) {
    if (t >= text.size()) return 0;
    if (is_alnum(prefix[p])) {
      if (!is_alnum(text[t])) return 0;
      ++p;
      while (t < text.size() && is_alnum(text[t])) ++t;
    } else if (prefix[p] == ' ' || prefix[p] == '\t') {
      if (text[t] != ' ' && text[t] != '\t') return 0;
      while (p < prefix.size() && (prefix[p] == ' ' || prefix[p] == '\t')) ++p;
      while (t < text.size() && (text[t] == ' ' || text[t] == '\t')) ++t;
    } else {
      if (text[t] != prefix[p]) return 0;
      ++t;
      ++p;
    }
    t = skip_colour(text, t);
  }
  return t;
}

std::string shape_of_prefix(std::string_view text) {
  static constexpr ByteClass kOfWords = alnum_and("");
  std::string shape;
  size_t i = skip_colour(text, 0);
  while (i < text.size()) {
    if (kOfWords.has(text[i])) {
      shape += 'a';
      i = run_end(text, i, kOfWords);
    } else {
      shape += text[i++];
    }
    i = skip_colour(text, i);
  }
  return shape;
}

std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

size_t spelt_line_break(std::string_view text, size_t at) {
  size_t letter = text.find_first_not_of('\\', at);
  bool found = letter != kNone && letter > at && (text[letter] == 'n' || text[letter] == 'r');
  return found ? letter + 1 - at : 0;
}

size_t content_end(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && text[end] != '"' && text[end] != '\'' && text[end] != '<') {
    if (text[end] == '\\' && !slash_after_backslashes(text, end)) break;
    if ((text[end] == '\x1b' || text[end] == '#') && skip_colour(text, end) != end) break;
    ++end;
  }
  while (end > from && is_blank(text[end - 1])) --end;
  return end;
}

bool body_starts(std::string_view text) {
  if (is_block_header(text)) return true;
  size_t run = 0;
  while (run < text.size() &&
         (is_key_byte(text[run]) || (text[run] == '\\' && slash_after_backslashes(text, run))))
    ++run;
  return run >= kShortLine || (run > 0 && run == text.size() && is_key_material(text));
}

bool mask_line(std::string_view text, const OpenBlock& open, std::vector<Span>& spans) {
  size_t first = skip_colour(text, 0);
  while (first < text.size() && is_blank(text[first])) ++first;
  size_t starts[] = {first, matching_prefix(text, open.prefix)};
  for (size_t begin : starts) {
    size_t end = content_end(text, begin);
    std::string_view content = text.substr(begin, end - begin);
    if (content.empty()) {
      if (begin == text.size() || begin == starts[1])
        return true;  // a blank line between headers and body
      continue;
    }
    if (mask_at(content, 0) == content.size()) return true;
    if (!is_key_material(content) && !is_block_header(content)) continue;
    spans.push_back(Span{begin, end, open.rule, {}});
    return true;
  }
  return false;
}

bool mask_stranger(std::string_view text, const OpenBlock& open, std::vector<Span>& spans) {
  bool found = false;
  size_t at = 0;
  while (at < text.size()) {
    if (!is_key_byte(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && is_key_byte(text[end])) ++end;
    size_t slashes =
        static_cast<size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                       text.begin() + static_cast<std::ptrdiff_t>(end), '/'));
    if (end - at >= kStrangerRun && slashes * 8 <= end - at) {
      spans.push_back(Span{at, end, open.rule, {}});
      found = true;
    }
    at = end;
  }
  return found;
}

bool mask_pair(std::string_view text, const OpenBlock& open, std::vector<Span>& spans) {
  std::string_view prefix = without_trailing_blanks(open.prefix);
  size_t begin = matching_prefix(text, prefix);
  size_t name = begin;
  while (name < text.size() && (text[name] == ' ' || text[name] == '\t')) ++name;
  size_t indent = open.prefix.size() - prefix.size();
  if (name - begin <= indent || name == text.size())
    return false;  // not deeper than the marker: the map is over
  size_t colon = text.find(": ", name);
  if (colon == kNone && text.back() == ':') return true;
  size_t value = colon == kNone ? name : colon + 2;  // without a name: the line of a block scalar
  Quote quote = quote_at(text, value);
  if (!quote.none()) value += quote.size();
  size_t end = quote.none() ? text.size() : quoted_end(text, value, quote);
  while (end > value && is_blank(text[end - 1])) --end;
  std::string_view secret = text.substr(value, end - value);
  bool encoded = secret.size() >= 4 && secret.size() % 4 == 0 && is_base64(secret);
  bool word = std::all_of(secret.begin(), secret.end(), is_lower) ||
              std::all_of(secret.begin(), secret.end(), is_digit);
  if (encoded && !word) spans.push_back(Span{value, end, open.rule, {}});
  return true;
}

size_t mask_spelt_pairs(std::string_view text, const BlockMarker& marker,
                        std::vector<Span>& spans) {
  OpenBlock open;
  open.rule = marker.rule;
  size_t before = marker.begin;
  while (before > 0 && text[before - 1] == ' ') --before;
  open.prefix = text.substr(before, marker.begin - before);
  size_t at = marker.end;
  while (size_t line_break = spelt_line_break(text, at)) {
    at += line_break;
    size_t end = std::min(text.find_first_of("\\\"", at), text.size());
    size_t found = spans.size();
    if (!mask_pair(text.substr(at, end - at), open, spans)) return at;
    for (size_t i = found; i < spans.size(); ++i) {
      spans[i].begin += at;
      spans[i].end += at;
    }
    at = end;
  }
  return at;
}

}  // namespace redactd
