#pragma once

// From anchors to spans: each anchor is handed to its kind's resolver, then overlapping spans are
// merged.

#include <cstdint>
#include <utility>
#include <vector>

#include "filters/allowances.h"
#include "filters/rule_set.h"
#include "filters/spans/block_span.h"
#include "filters/spans/encoded_span.h"
#include "filters/spans/regex_span.h"
#include "filters/spans/span.h"
#include "filters/spans/token_span.h"
#include "filters/spans/value/key.h"
#include "filters/spans/value/table_rows.h"

namespace redactd {

/// Bytes of a long record that a window sees before and after the part it puts out.
inline constexpr size_t kOverlap = 64 * 1024;

/// A match, by its end within the record.
struct RecordMatch {
  size_t end = 0;
  uint32_t anchor = 0;

  friend auto operator<=>(const RecordMatch&, const RecordMatch&) = default;
};

/// What became of one anchor, for `redactd explain`.
struct Decision {
  uint32_t rule = 0;
  size_t anchor_end = 0;
  Verdict verdict = Verdict::masked;
};

class EarlierKeys;

/// Belongs to one thread; keeps its vectors between records so that none is allocated per record.
class Resolver {
 public:
  /// `rules` must outlive the resolver, or its next adopt().
  explicit Resolver(const RuleSet& rules) : rules_(&rules) {}
  void adopt(const RuleSet& rules) { rules_ = &rules; }
  /// Gives back the memory that the vectors keep between records.
  void trim();

  /// The spans of one record (or window): sorted, disjoint, none empty, snapped so that no escape
  /// sequence is cut. `matches` are sorted. The result is the caller's to change, valid until the
  /// next call. When the record cost more work than its length allows, `over_budget()` is true and
  /// the record has to be masked whole.
  std::vector<Span>& resolve(const RecordView& record, const std::vector<RecordMatch>& matches,
                             OpenBlock& block, std::vector<Decision>* decisions = nullptr);

  /// Of a record that is masked whole: only what it closes, and opens for the next ones.
  void follow_blocks(const RecordView& record, const std::vector<RecordMatch>& matches,
                     OpenBlock& block);

  /// Whether the first words of an open record can go out as they are, whatever follows, in spite
  /// of `match`, which may end behind them. `words` end where end_of_words() says.
  bool leaves(std::string_view words, const RecordMatch& match) const;

  bool over_budget() const { return over_budget_; }

 private:
  void forget_record();
  void resolve_anchors(const RecordView& record, const std::vector<RecordMatch>& matches,
                       std::vector<Decision>* decisions);
  void note_decision(const Anchor& anchor, size_t end, Verdict verdict, bool found,
                     std::vector<Decision>& decisions) const;
  Verdict resolve_anchor(const RecordView& record, const Anchor& anchor, size_t end);
  void note_key(const RecordView& record, const Anchor& anchor, size_t end, Verdict verdict,
                size_t spans, EarlierKeys& earlier);
  bool stands_in_own_mask(std::string_view text, size_t begin, size_t end) const;
  bool resolve_regexes(const RecordView& record, std::vector<Decision>* decisions);
  bool drop_allowed(const RecordView& record, size_t from,
                    std::vector<Decision>* decisions = nullptr);
  bool has_required_text(const RecordView& record, uint32_t rule);
  Verdict resolve_key(const RecordView& record, const ValueRule& value, size_t end);
  void collect_marker(const RecordView& record, const Anchor& anchor, size_t end);
  void collect_last_key(const RecordView& record, const ValueRule& value, size_t end);
  void find_blocks(const RecordView& record, OpenBlock& block);

  const RuleSet* rules_;
  std::vector<Span> found_;  // in the end the result
  std::vector<BlockMarker> markers_;
  std::vector<RegexSeen> seen_regexes_;
  std::vector<RegexSeen> seen_literals_;
  std::vector<RegexMatch> regex_matches_;
  RegexScratch regex_scratch_;
  std::vector<std::pair<uint32_t, bool>> required_;
  Allowances::Memo allowed_;
  TableHeader header_;
  EncodedMemo encoded_;
  TokenRuns runs_;
  bool over_budget_ = false;
};

}  // namespace redactd
