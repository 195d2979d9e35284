#include "filters/carry.h"

#include <algorithm>
#include <utility>

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
  std::vector<Span> rest;
  if (end > from) {
    // It starts before the bytes that are still to come out, which append_masked() takes for "has
    // its mask already".
    rest.push_back(Span{from == 0 ? 0 : from - 1, end, rule, {}});
    if (end == text.size() && !window.view.ends_record) rest.front().open = open;
  }
  for (const Span& span : spans) {
    if (span.end <= from) continue;
    if (span.begin >= end) {
      rest.push_back(span);
    } else if (span.end > end && !rest.empty()) {
      rest.front().end = span.end;
      rest.front().open = span.open;
      end = span.end;
    }
  }
  spans = std::move(rest);
}

}  // namespace redactd
