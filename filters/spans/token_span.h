#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/matcher/literal_head.h"
#include "filters/rule.h"
#include "filters/spans/span.h"
#include "filters/validators/byte_window.h"

namespace redactd {

/// What the matcher found of a token: `width` bytes up to `end`, its core, or the head of one.
struct TokenHit {
  size_t width = 0;
  size_t end = 0;
  const LiteralHead* head = nullptr;  // whose tail has to follow
  bool at_word = false;               // a word is known to begin there
};

/// What is known of the runs in which a rule's tokens begin, of one record: of near misses in one
/// run each is a part of the one before.
class TokenRuns {
 public:
  struct Run {
    uint32_t rule = 0;
    size_t from = 1;
    size_t end = 0;  // less than from: nothing remembered
    bool refused = false;
    OverlappingCandidates candidates;
  };

  /// Another record comes.
  void forget();
  /// Forgets, and gives memory back.
  void trim();
  /// The rule's last one, or an empty one.
  Run& of(uint32_t rule);

 private:
  static constexpr size_t kMost = 8;  // at once: hits of two rules may take turns

  std::vector<Run> runs_;
  bool any_ = false;
};

/// Appends the span of one token, or says why not. `runs` may be null.
Verdict resolve_token(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      const TokenHit& hit, TokenRuns* runs, std::vector<Span>& spans);

/// Where a run of `members` that begins before `from` ends. An escape (`%3D`, `\/`, `\u002b`,
/// `\x2b`) counts as the byte that it stands for.
size_t token_end(std::string_view text, size_t from, const ByteClass& members);

}  // namespace redactd
