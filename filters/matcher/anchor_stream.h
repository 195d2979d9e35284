#pragma once

// The matcher over one stream: what it reports of the bytes that are not settled yet.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "filters/matcher/matcher.h"
#include "filters/rule_set.h"

namespace redactd {

/// Belongs to one stream and to one thread at a time. Places count from the start of the stream.
class AnchorStream {
 public:
  /// The scratch must outlive the stream.
  explicit AnchorStream(MatchScratch& scratch) : scratch_(scratch) {}
  const MatchScratch& scratch() const { return scratch_; }

  /// Forgets what was found; the next bytes stand at `offset`, and a record begins there. `rules`
  /// must outlive the stream, or its next open(). Throws MatchError, as the others do.
  void open(const RuleSet& rules, uint64_t offset);

  /// Scans the last `fresh` bytes of `held`, which begins at `base` and has kScanPadding readable
  /// bytes around it.
  void take(std::string_view held, size_t fresh, uint64_t base);
  /// The stream ends behind `held`: what can only match before the end of a record sees one.
  void end(std::string_view held, uint64_t base);

  /// What was found and not dropped, in order of the ends; an expression is the number of an
  /// anchor. Valid until the next call of take(), end() or open().
  std::span<const Match> matches() const { return std::span(matches_).subspan(dropped_); }
  /// Those that end up to there are of no use any more.
  void drop_to(uint64_t place);
  /// Gives back the memory of the matches; there are none afterwards.
  void trim();

 private:
  /// Where a key may end and the separator behind it has not come yet.
  struct OpenKey {
    size_t database = 0;
    uint64_t key_end = 0;
    uint64_t seen = 0;
  };

  void scan(std::string_view bytes, std::string_view held, uint64_t base);
  void sift(size_t database, size_t from, std::string_view held, uint64_t base);
  bool follows_at_sign(const Match& match);
  void find_keys(size_t database, size_t from, std::string_view held, uint64_t base);
  void sort_from(size_t from);
  void compact();

  const RuleSet* rules_ = nullptr;
  MatchScratch& scratch_;
  std::vector<MatchStream> streams_;
  uint64_t opened_ = 0;  // where streams_ count from; modulo 2^64
  uint64_t lead_ = 0;    // of the bytes scanned, those before the stream's own
  std::vector<Match> matches_;
  size_t dropped_ = 0;  // of matches_
  std::vector<OpenKey> open_keys_;
  std::vector<OpenKey> key_places_;  // of the scan at hand
  Match last_userinfo_;              // the last @ of a URL that the matcher reported
};

}  // namespace redactd
