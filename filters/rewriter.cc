#include "filters/rewriter.h"

#include <algorithm>
#include <array>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/structured_data.h"

namespace redactd {
namespace {

bool is_scalar_byte(char c) { return is_alnum(c) || c == '-' || c == '+' || c == '.' || c == '_'; }

/// `"` behind so many backslashes, as static text.
std::string_view quote_with(size_t backslashes, char mark) {
  static constexpr std::array<std::string_view, 4> kDouble = {"\"", "\\\"", "\\\\\\\"",
                                                              "\\\\\\\\\\\\\\\""};
  if (mark == '\'') return backslashes == 0 ? "'" : "";
  switch (backslashes) {
    case 0:
      return kDouble[0];
    case 1:
      return kDouble[1];
    case 3:
      return kDouble[2];
    case 7:
      return kDouble[3];
    default:
      return "";
  }
}

/// Whether the record begins as an object or an array does.
bool begins_as_json(std::string_view text) {
  size_t first = 0;
  while (first < text.size() && is_blank(text[first])) ++first;
  return first < text.size() && (text[first] == '{' || text[first] == '[');
}

/// Follows the double-quoted strings of a record from its start.
class StringTracker {
 public:
  explicit StringTracker(std::string_view text) : text_(text), json_(begins_as_json(text)) {}

  bool json() const { return json_; }
  bool in_string_at(size_t at) {
    for (; at_ < at; ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        inside_ = !inside_;
      }
    }
    return inside_;
  }

 private:
  std::string_view text_;
  bool json_;  // looked at once: there may be many blanks before it
  size_t at_ = 0;
  bool inside_ = false;
};

/// The quote that a bare scalar [begin, end) needs, empty when it is none.
std::string_view quote_for(std::string_view text, size_t begin, size_t end,
                           StringTracker& strings) {
  size_t right = end;
  while (right < text.size() && is_blank(text[right])) ++right;
  if (right < text.size() && text[right] != ',' && text[right] != '}' && text[right] != ']')
    return {};
  size_t left = begin;
  while (left > 0 && is_blank(text[left - 1])) --left;
  if (left == 0) return {};
  char before = text[left - 1];
  if (before == ':') {
    size_t mark = left - 1;
    while (mark > 0 && is_blank(text[mark - 1])) --mark;
    if (mark == 0 || (text[mark - 1] != '"' && text[mark - 1] != '\'')) return {};
    size_t backslashes = 0;
    while (backslashes + 1 < mark && text[mark - 2 - backslashes] == '\\') ++backslashes;
    return quote_with(backslashes, text[mark - 1]);
  }
  if ((before != '[' && before != ',') || right >= text.size()) return {};
  return strings.json() && !strings.in_string_at(begin) ? quote_with(0, '"') : std::string_view();
}

}  // namespace

void fit_masks(const RecordView& view, std::vector<Span>& spans, std::vector<MaskForm>& forms) {
  std::string_view text = view.text;
  forms.assign(spans.size(), {});
  StringTracker strings(text);
  StructuredDataValues values(view.starts_record ? text : std::string_view());
  for (size_t i = 0; i < spans.size(); ++i) {
    Span& span = spans[i];
    size_t least = i == 0 ? 0 : spans[i - 1].end;
    size_t most = i + 1 == spans.size() ? text.size() : spans[i + 1].begin;
    size_t begin = span.begin;
    size_t end = span.end;
    while (begin > least && is_scalar_byte(text[begin - 1])) --begin;
    while (end < most && is_scalar_byte(text[end])) ++end;
    forms[i].escape_brackets = values.holds(span.begin);
    forms[i].quote = quote_for(text, begin, end, strings);
    if (forms[i].quote.empty()) continue;
    span.begin = begin;
    span.end = end;
  }
}

void append_mask(const MaskForm& form, const Span& span, std::string_view text,
                 const Masker& masker, std::string& out) {
  out += form.quote;
  size_t begin = out.size();
  masker.append(span.rule, text.substr(span.begin, span.end - span.begin), out, span.name);
  if (form.escape_brackets) {
    for (size_t at = out.find(']', begin); at != std::string::npos; at = out.find(']', at + 2))
      out.insert(at, 1, '\\');
  }
  out += form.quote;
}

void append_masked(std::string_view text, size_t from, size_t to, const std::vector<Span>& spans,
                   const std::vector<MaskForm>& forms, const Masker& masker, std::string& out,
                   std::vector<Replaced>& replaced) {
  size_t at = from;
  for (size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    if (span.end <= at) continue;
    if (span.begin >= to) break;
    if (span.begin >= at) {
      out.append(text.substr(at, span.begin - at));
      append_mask(forms[i], span, text, masker, out);
    }
    size_t begin = std::max(span.begin, at);
    at = std::min(span.end, to);
    replaced.push_back({begin, at, out.size()});
  }
  out.append(text.substr(at, to - at));
}

}  // namespace redactd
