#include "filters/matcher/anchor_stream.h"

#include <algorithm>
#include <string>

#include "filters/give_back.h"

namespace redactd {
namespace {

/// A line feed with the padding that scanned bytes need.
const std::string kEnd = std::string(kScanPadding, '\0') + '\n' + std::string(kScanPadding, '\0');
constexpr size_t kManyDropped = 4096;

std::string_view line_feed() { return std::string_view(kEnd).substr(kScanPadding, 1); }

/// Puts those from number `first_new` on in order, and among those from number `from` on, which
/// are. Nearly always each is out of place by a few: what a key brings ends within a few bytes.
void sort_nearly_sorted(std::vector<Match>& matches, size_t from, size_t first_new) {
  constexpr size_t kMostSteps = 16;  // each, before another way is faster
  size_t steps = 0;
  const size_t most = kMostSteps * (matches.size() - from);
  for (size_t i = std::max(first_new, from + 1); i < matches.size(); ++i) {
    const Match match = matches[i];
    size_t place = i;
    for (; place > from && match < matches[place - 1]; --place) matches[place] = matches[place - 1];
    matches[place] = match;
    steps += i - place;
    if (steps > most)
      return std::sort(matches.begin() + static_cast<std::ptrdiff_t>(from), matches.end());
  }
}

/// Whether a token's head ends at `at` and something else than its tail stands behind it. A few
/// bytes tell it of nearly all; the resolver looks at the others.
bool lacks_tail(const Anchor& anchor, std::string_view held, size_t at) {
  constexpr size_t kFew = 8;
  const LiteralHead* head = anchor.head;
  if (head == nullptr || head->latest > 0 || at >= held.size()) return false;
  const LiteralHead::Part& first = head->tail.front();
  return !first.members.has_all(held.substr(at, std::min(first.width, kFew)));
}

}  // namespace

void AnchorStream::open(const RuleSet& rules, uint64_t offset) {
  rules_ = &rules;
  matches_.clear();
  dropped_ = 0;
  open_keys_.clear();
  last_userinfo_ = {};
  streams_.clear();
  lead_ = rules.any_regexes() ? line_feed().size() : 0;
  opened_ = offset - lead_;  // may wrap round
  for (const std::shared_ptr<const MatchDatabase>& database : rules.databases()) {
    scratch_.fit(*database);
    streams_.emplace_back(*database);
  }
  if (lead_ == 0) return;
  // A regex may ask for a line feed before its record, and the first record has one too.
  std::vector<Match> none;
  for (MatchStream& stream : streams_) stream.scan(line_feed(), scratch_, none);
}

void AnchorStream::take(std::string_view held, size_t fresh, uint64_t base) {
  compact();
  const size_t before = matches_.size();
  rules_->known()->scan(held, fresh, base, rules_->first_known(), matches_);
  scan(held.substr(held.size() - fresh), held, base);
  sort_from(before);
}

void AnchorStream::end(std::string_view held, uint64_t base) {
  const size_t before = matches_.size();
  scan(line_feed(), held, base);
  sort_from(before);
}

void AnchorStream::scan(std::string_view bytes, std::string_view held, uint64_t base) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    const size_t from = matches_.size();
    streams_[i].scan(bytes, scratch_, matches_);
    sift(i, from, held, base);
    find_keys(i, from, held, base);
  }
}

/// Of what the database reported, from number `from` on: makes numbers of anchors and places in the
/// stream of it, drops what is of no use, and moves the hints at keys to key_places_.
void AnchorStream::sift(size_t database, size_t from, std::string_view held, uint64_t base) {
  const RuleSet::Keys& keys = rules_->keys()[database];
  const uint32_t first = rules_->first_anchor()[database];
  key_places_.clear();
  for (const OpenKey& key : open_keys_) {
    if (key.database == database) key_places_.push_back(key);
  }
  std::erase_if(open_keys_, [database](const OpenKey& key) { return key.database == database; });
  size_t kept = from;
  for (size_t m = from; m < matches_.size(); ++m) {
    if (matches_[m].end <= lead_) continue;  // in the line feed before the first record
    const Match match{matches_[m].end + opened_, matches_[m].expression + first};
    if (match.expression >= keys.first_ending && match.expression < keys.last_ending) {
      const bool again = !key_places_.empty() && key_places_.back().key_end == match.end - 1;
      if (!again) key_places_.push_back({database, match.end - 1, 0});  // api_key ends in key
      continue;
    }
    const Anchor& anchor = rules_->anchors()[match.expression];
    const bool repeats = anchor.role == Anchor::Role::userinfo && follows_at_sign(match);
    if (repeats || anchor.muted || lacks_tail(anchor, held, match.end - base)) continue;
    matches_[kept++] = match;
  }
  matches_.resize(kept);
}

/// Of @@@@ in a URL the first is enough, and a line of them would fill the memory.
bool AnchorStream::follows_at_sign(const Match& match) {
  const bool follows =
      match.expression == last_userinfo_.expression && match.end == last_userinfo_.end + 1;
  last_userinfo_ = match;
  return follows;
}

/// Puts the keys at key_places_ among the matches from number `from` on.
void AnchorStream::find_keys(size_t database, size_t from, std::string_view held, uint64_t base) {
  const KeyTree& tree = rules_->keys()[database].tree;
  const size_t others = matches_.size();
  for (OpenKey& place : key_places_) {
    KeyTree::Place at{static_cast<size_t>(place.key_end - base),
                      static_cast<size_t>(std::max(place.seen, base) - base)};
    if (tree.find(held, at, base, rules_->first_key(), matches_)) continue;
    place.seen = base + held.size();
    open_keys_.push_back(place);
  }
  sort_nearly_sorted(matches_, others, others);
  auto begin = matches_.begin() + static_cast<std::ptrdiff_t>(from);
  auto found = matches_.begin() + static_cast<std::ptrdiff_t>(others);
  std::inplace_merge(begin, found, matches_.end());
}

/// Those before number `from` are in order. Each database reports in order of the ends (nearly
/// always); several have to be merged.
void AnchorStream::sort_from(size_t from) {
  auto last = matches_.begin() + static_cast<std::ptrdiff_t>(from > dropped_ ? from - 1 : from);
  if (!std::is_sorted(last, matches_.end())) sort_nearly_sorted(matches_, dropped_, from);
}

void AnchorStream::drop_to(uint64_t place) {
  while (dropped_ < matches_.size() && matches_[dropped_].end <= place) ++dropped_;
}

void AnchorStream::compact() {
  bool all = dropped_ == matches_.size();
  if (!all && (dropped_ < kManyDropped || dropped_ < matches_.size() / 2)) return;
  matches_.erase(matches_.begin(), matches_.begin() + static_cast<std::ptrdiff_t>(dropped_));
  dropped_ = 0;
}

void AnchorStream::trim() {
  give_back(matches_);
  dropped_ = 0;
}

}  // namespace redactd
