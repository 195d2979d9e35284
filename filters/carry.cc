#include "filters/carry.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/encoded_span.h"
#include "filters/spans/extent.h"
#include "filters/spans/token_span.h"
#include "filters/spans/userinfo_span.h"

namespace redactd {

void Carry::take(const Window& window, const std::vector<Span>& spans) {
  active = false;
  if (window.view.ends_record) return;
  for (const Span& span : spans) {
    uint64_t end = window.begin + span.end;
    bool crosses = window.begin + span.begin < window.cut && end > window.cut;
    if (crosses) *this = Carry{end, span.open, span.rule, true};
  }
}

/// Where it ends that is known to run up to `from`: in `text`, or with it.
size_t Carry::end_from(std::string_view text, size_t from, const Rule& its_rule) const {
  switch (open.how) {
    case Continuation::How::none:
      return from;
    case Continuation::How::run:
      return its_rule.extend ? token_end(text, from, *its_rule.extend) : from;
    case Continuation::How::quoted:
      return quoted_end(text, from, open.quote);
    case Continuation::How::bare:
      return bare_end(text, from, open.bare);
    case Continuation::How::url:
      return endless_userinfo_end(text, from);
    case Continuation::How::encoded:
      return encoded_end(text, from);
    case Continuation::How::block:
      return std::min(text.find_first_of("\"'<-", from), text.size());
  }
  return from;
}

void Carry::go_on(const Window& window, const std::vector<Rule>& rules,
                  std::vector<Span>& spans) const {
  if (!active) return;
  const std::string_view text = window.view.text;
  const size_t from = window.offset(window.from);
  const size_t known = window.offset(std::max(until, window.from));
  size_t end = std::min(end_from(text, known, rules[rule]), text.size());
  // It starts before the bytes that are still to come out, which append_masked() takes for "has its
  // mask already".
  Span carried{from == 0 ? 0 : from - 1, end, rule, {}};
  if (end == text.size() && !window.view.ends_record) carried.open = open;
  const bool goes_on = end > from;
  size_t first = 0;  // of the spans behind it
  for (; first < spans.size() && (spans[first].begin < end || spans[first].end <= from); ++first) {
    if (!goes_on || spans[first].end <= end) continue;
    end = carried.end = spans[first].end;
    carried.open = spans[first].open;
  }
  const auto begin = spans.begin();
  if (!goes_on) {
    spans.erase(begin, begin + static_cast<std::ptrdiff_t>(first));
  } else if (first == 0) {
    spans.insert(begin, carried);
  } else {
    spans[first - 1] = carried;
    spans.erase(begin, begin + static_cast<std::ptrdiff_t>(first - 1));
  }
}

}  // namespace redactd
