#include "filters/anchor_stream.h"

#include <algorithm>
#include <string>

namespace redactd {
namespace {

/// A line feed with the padding that scanned bytes need.
const std::string kEnd = std::string(kScanPadding, '\0') + '\n' + std::string(kScanPadding, '\0');
constexpr size_t kManyDropped = 4096;

std::string_view line_feed() { return std::string_view(kEnd).substr(kScanPadding, 1); }

}  // namespace

void AnchorStream::open(const RuleSet& rules, uint64_t offset) {
  rules_ = &rules;
  matches_.clear();
  dropped_ = 0;
  open_keys_.clear();
  last_userinfo_ = {};
  streams_.clear();
  opened_ = offset;
  for (const std::shared_ptr<const MatchDatabase>& database : rules.databases()) {
    scratch_.fit(*database);
    streams_.emplace_back(*database);
  }
  if (!rules.any_regexes()) return;
  // A regex may ask for a line feed before its record, and the first record has one too.
  std::vector<Match> none;
  for (MatchStream& stream : streams_) stream.scan(line_feed(), scratch_, none);
  --opened_;
}

void AnchorStream::take(std::string_view held, size_t fresh, uint64_t base) {
  compact();
  rules_->known()->scan(held, fresh, base, rules_->first_known(), matches_);
  scan(held.substr(held.size() - fresh), held, base);
}

void AnchorStream::end(std::string_view held, uint64_t base) { scan(line_feed(), held, base); }

void AnchorStream::scan(std::string_view bytes, std::string_view held, uint64_t base) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    size_t before = matches_.size();
    streams_[i].scan(bytes, scratch_, matches_);
    uint32_t first = rules_->first_anchor()[i];
    for (size_t m = before; m < matches_.size(); ++m) {
      matches_[m].expression += first;
      matches_[m].end += opened_;
    }
    find_keys(i, before, held, base);
    drop_runs_of_at_signs(before);
  }
  if (rules_->any_muted()) {
    std::erase_if(matches_,
                  [this](const Match& match) { return rules_->anchor(match.expression).muted; });
  }
  // Each database reports in order of the ends (nearly always); several have to be merged.
  auto kept = matches_.begin() + static_cast<std::ptrdiff_t>(dropped_);
  if (!std::is_sorted(kept, matches_.end())) std::sort(kept, matches_.end());
}

/// Takes the database's hints at keys out of the matches from number `from` on, and puts the keys
/// in.
void AnchorStream::find_keys(size_t database, size_t from, std::string_view held, uint64_t base) {
  const RuleSet::Keys& keys = rules_->keys()[database];
  key_places_.clear();
  for (const OpenKey& key : open_keys_) {
    if (key.database == database) key_places_.push_back(key);
  }
  std::erase_if(open_keys_, [database](const OpenKey& key) { return key.database == database; });
  size_t kept = from;
  for (size_t m = from; m < matches_.size(); ++m) {
    const Match match = matches_[m];
    if (match.expression < keys.first_ending || match.expression >= keys.last_ending) {
      matches_[kept++] = match;
    } else {
      key_places_.push_back({database, match.end - 1, 0});
    }
  }
  matches_.resize(kept);
  for (OpenKey& place : key_places_) {
    KeyTree::Place at{static_cast<size_t>(place.key_end - base),
                      static_cast<size_t>(std::max(place.seen, base) - base)};
    if (keys.tree.find(held, at, base, rules_->first_key(), matches_)) continue;
    place.seen = base + held.size();
    open_keys_.push_back(place);
  }
  auto begin = matches_.begin() + static_cast<std::ptrdiff_t>(from);
  auto found = matches_.begin() + static_cast<std::ptrdiff_t>(kept);
  if (!std::is_sorted(found, matches_.end())) std::sort(found, matches_.end());
  std::inplace_merge(begin, found, matches_.end());
}

/// Of @@@@ in a URL the first is enough, and a line of them would fill the memory.
void AnchorStream::drop_runs_of_at_signs(size_t from) {
  size_t kept = from;
  for (size_t m = from; m < matches_.size(); ++m) {
    const Match match = matches_[m];
    const bool key = match.expression >= rules_->first_key();  // and has no anchor of its own
    if (!key && rules_->anchors()[match.expression].role == Anchor::Role::userinfo) {
      bool follows =
          match.expression == last_userinfo_.expression && match.end == last_userinfo_.end + 1;
      last_userinfo_ = match;
      if (follows) continue;
    }
    matches_[kept++] = match;
  }
  matches_.resize(kept);
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
  matches_ = {};
  dropped_ = 0;
}

}  // namespace redactd
