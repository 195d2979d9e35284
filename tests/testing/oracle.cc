#include "tests/testing/oracle.h"

#include <re2/re2.h>

#include <algorithm>
#include <stdexcept>

#include "filters/byte_options.h"
#include "filters/rewriter.h"
#include "tests/testing/key_expressions.h"

namespace redactd::test {

/// An expression twice: to see quickly whether it matches at all, and to ask whether a match ends
/// at a given byte.
struct Oracle::Expression {
  std::unique_ptr<RE2> anywhere;
  std::unique_ptr<RE2> up_to_end;
  uint32_t anchor = 0;
};

Oracle::Oracle(Rules rules) : rules_(std::move(rules)), resolver_(*rules_) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(int64_t{256} << 20);
  auto add = [&](uint32_t anchor, const std::string& pattern) {
    Expression expression;
    expression.anchor = anchor;
    expression.anywhere = std::make_unique<RE2>(byte_expression("(?:" + pattern + ")"), options);
    expression.up_to_end = std::make_unique<RE2>("(?s:.*)(?:" + pattern + ")", options);
    if (!expression.up_to_end->ok()) {
      refused_.push_back(pattern + ": " + expression.up_to_end->error());
      return;
    }
    expressions_.push_back(std::move(expression));
  };
  for (uint32_t anchor = 0; anchor < rules_->anchors().size(); ++anchor) {
    const Anchor& what = rules_->anchors()[anchor];
    if (!what.muted && what.role != Anchor::Role::key_ending)
      add(anchor, rules_->expressions()[anchor].pattern);
  }
  for (uint32_t i = 0; i < rules_->key_rules().size(); ++i) {
    for (const std::string& keys : key_expressions(rules_->rules()[rules_->key_rules()[i]]))
      add(rules_->first_key() + i, keys);
  }
}

Oracle::~Oracle() = default;
Oracle::Oracle(Oracle&&) noexcept = default;

std::string Oracle::redact(std::string_view text) {
  block_ = OpenBlock{};
  std::string out;
  while (!text.empty()) {
    size_t line_feed = text.find('\n');
    std::string_view record = text.substr(0, line_feed);
    bool carriage_return =
        record.ends_with('\r');  // of a CRLF: it belongs to the end, not to the text
    if (carriage_return) record.remove_suffix(1);
    out += redact_record(record, line_feed == std::string_view::npos);
    if (carriage_return) out += '\r';
    if (line_feed == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(line_feed + 1);
  }
  return out;
}

/// Every place where a match of an expression ends.
std::vector<RecordMatch> Oracle::find_matches(std::string_view record) const {
  re2::StringPiece text(record.data(), record.size());
  std::vector<RecordMatch> matches;
  for (const Expression& expression : expressions_) {
    if (!expression.anywhere->Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0)) continue;
    for (size_t end = 1; end <= text.size(); ++end) {
      if (expression.up_to_end->Match(text, 0, end, RE2::ANCHOR_BOTH, nullptr, 0)) {
        matches.push_back({end, expression.anchor});
      }
    }
  }
  const KnownMatcher& known = *rules_->known();
  for (uint32_t number = 0; number < known.size(); ++number) {
    std::string_view wanted = known.text(number);
    for (size_t at = record.find(wanted); at != std::string_view::npos;
         at = record.find(wanted, at + 1)) {
      matches.push_back({at + wanted.size(), rules_->first_known() + number});
    }
  }
  std::sort(matches.begin(), matches.end());
  matches.erase(std::unique(matches.begin(), matches.end()), matches.end());
  return matches;
}

std::string Oracle::redact_record(std::string_view record, bool at_end_of_stream) {
  RecordView view{record, true, true};
  std::vector<Span> spans = resolver_.resolve(view, find_matches(record), block_);
  if (resolver_.over_budget())
    throw std::runtime_error("the oracle has no opinion on records over budget");
  if (at_end_of_stream) {
    uint32_t rule = 0;
    if (size_t length = rules_->cut_off_known(record, rule); length != 0) {
      size_t begin = record.size() - length;
      for (; !spans.empty() && spans.back().end > begin; spans.pop_back())
        begin = std::min(begin, spans.back().begin);
      spans.push_back(Span{begin, record.size(), rule, {}});
    }
  }
  std::vector<MaskForm> forms;
  fit_masks(view, spans, forms);
  std::string out;
  size_t i = 0;
  while (i < record.size()) {
    size_t found = spans.size();
    for (size_t s = 0; s < spans.size(); ++s) {
      if (spans[s].begin == i) found = s;
    }
    if (found == spans.size()) {
      out += record[i++];
      continue;
    }
    append_mask(forms[found], spans[found], record, rules_->masker(), out);
    i = spans[found].end;
  }
  return out;
}

}  // namespace redactd::test
