#include "filters/known/known_matcher.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace redactd {
namespace {

constexpr size_t kGrams[] = {4, 5};  // bytes of a gram, of short texts and of long ones
constexpr size_t kLong = 8;
constexpr size_t kFilterBits = 16;                 // for a gram, of which two are set
constexpr size_t kLeastWords = 1024;               // of a filter: 8 KiB stay in the first cache
constexpr size_t kTail = KnownMatcher::kShortest;  // bytes at the end of a text that it is found by
constexpr uint32_t kMostTexts = 0xffffff;
constexpr size_t kHead = 4;  // bytes at the start of a text that cut_off() goes by
constexpr size_t kPadding = 8;

uint64_t load(const char* at) {
  uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

static_assert(std::endian::native == std::endian::little, "the last byte of a load counts most");

template <size_t kBytes>
uint64_t gram_at(const char* at) {
  return load(at) & ((uint64_t{1} << (kBytes * 8)) - 1);
}

uint64_t hash(uint64_t gram) { return gram * 0x9e3779b97f4a7c15u; }
/// The bits of a gram in its word of the filter.
uint64_t first_bit(uint64_t hashed) { return hashed >> 38 & 63; }
uint64_t second_bit(uint64_t hashed) { return hashed >> 32 & 63; }
uint8_t tag_of(uint64_t gram) { return static_cast<uint8_t>(hash(gram) >> 24); }

/// How many bytes before `a` and before `b` are the same; at most `limit`.
size_t same_before(const char* a, const char* b, size_t limit) {
  size_t same = 0;
  while (same + 8 <= limit) {
    uint64_t difference = load(a - same - 8) ^ load(b - same - 8);
    if (difference != 0) return same + static_cast<size_t>(std::countl_zero(difference)) / 8;
    same += 8;
  }
  while (same < limit &&
         a[-1 - static_cast<std::ptrdiff_t>(same)] == b[-1 - static_cast<std::ptrdiff_t>(same)])
    ++same;
  return same;
}

unsigned char byte_before(const char* end, size_t distance) {
  return static_cast<unsigned char>(*(end - 1 - distance));
}

}  // namespace

template <typename GramOf>
void KnownMatcher::Runs::build(size_t from, size_t to, GramOf gram_of) {
  slots.assign(std::bit_ceil((to - from) * 3 / 2 + 1), {});
  for (size_t first = from; first < to;) {
    uint64_t gram = gram_of(first);
    size_t last = first + 1;
    while (last < to && gram_of(last) == gram) ++last;
    size_t slot = hash(gram) >> 32 & (slots.size() - 1);
    while (slots[slot].count != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot].first = static_cast<uint32_t>(first);
    slots[slot].count = static_cast<uint32_t>(last - first) & kMostTexts;
    slots[slot].tag = tag_of(gram);
    first = last;
  }
}

template <typename GramOf>
KnownMatcher::Runs::Slot KnownMatcher::Runs::find(uint64_t gram, GramOf gram_of) const {
  size_t slot = hash(gram) >> 32 & (slots.size() - 1);
  while (slots[slot].count != 0 &&
         (slots[slot].tag != tag_of(gram) || gram_of(slots[slot].first) != gram))
    slot = (slot + 1) & (slots.size() - 1);
  return slots[slot];
}

bool KnownMatcher::add(std::string_view text, uint32_t owner) {
  if (text.size() < kShortest) return false;
  if (entries_.size() == kMostTexts) return false;
  if (text_.size() + text.size() + kPadding > std::numeric_limits<uint32_t>::max()) return false;
  entries_.push_back(
      {static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(text.size()), owner, kNoEntry});
  text_.insert(text_.end(), text.begin(), text.end());
  longest_ = std::max(longest_, text.size());
  return true;
}

void KnownMatcher::build() {
  text_.resize(text_.size() + kPadding);
  sort_entries();
  link_shorter();
  tails_.build(0, entries_.size(),
               [this](size_t number) { return gram_at<kTail>(end_of(entries_[number]) - kTail); });
  build_pairs();
  build_heads();
}

/// And drops all but the first of those that are the same.
void KnownMatcher::sort_entries() {
  auto compare = [this](const Entry& a, const Entry& b) {
    size_t shorter = std::min(a.size, b.size);
    size_t same = same_before(end_of(a), end_of(b), shorter);
    if (same < shorter) return byte_before(end_of(a), same) < byte_before(end_of(b), same) ? -1 : 1;
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
  };
  std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
    int order = compare(a, b);
    return order != 0 ? order < 0 : a.owner < b.owner;
  });
  auto same = [&](const Entry& a, const Entry& b) { return compare(a, b) == 0; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  entries_.shrink_to_fit();
}

void KnownMatcher::link_shorter() {
  std::vector<uint32_t> endings;  // of the entries that this one ends with, the shortest first
  for (uint32_t number = 0; number < entries_.size(); ++number) {
    Entry& entry = entries_[number];
    auto ends_with = [&](const Entry& shorter) {
      return shorter.size <= entry.size &&
             same_before(end_of(entry), end_of(shorter), shorter.size) == shorter.size;
    };
    while (!endings.empty() && !ends_with(entries_[endings.back()])) endings.pop_back();
    entry.shorter = endings.empty() ? kNoEntry : endings.back();
    endings.push_back(number);
  }
}

void KnownMatcher::build_pairs() {
  struct Near {
    std::string_view text;  // the end of an entry
    size_t kind;            // of gram
  };
  auto near_end = [this](const Entry& entry) {
    size_t size = std::min<size_t>(entry.size, kFarthest);
    return Near{{end_of(entry) - size, size}, entry.size < kLong ? size_t{0} : size_t{1}};
  };
  for (const Entry& entry : entries_) {
    Near near = near_end(entry);
    pairs_.cover(near.text, kGrams[near.kind]);
  }
  pairs_.build();
  std::array<EndsList, std::size(kGrams)> all;
  for (size_t kind = 0; kind < all.size(); ++kind)
    grams_[kind].bytes = (uint64_t{1} << (kGrams[kind] * 8)) - 1;
  for (const Entry& entry : entries_) {
    Near near = near_end(entry);
    size_t place = pairs_.rarest(near.text, kGrams[near.kind]);
    uint64_t gram = load(near.text.data() + place) & grams_[near.kind].bytes;
    all[near.kind].push_back({gram, uint32_t{1} << (near.text.size() - place - kNearest)});
  }
  for (size_t kind = 0; kind < all.size(); ++kind) grams_[kind].build(std::move(all[kind]));
}

void KnownMatcher::Grams::build(EndsList all) {
  if (all.empty()) return;
  std::sort(all.begin(), all.end(), [](const Ends& a, const Ends& b) { return a.gram < b.gram; });
  size_t count = 0;
  for (const Ends one : all) {  // a copy: its place is written to
    if (count == 0 || all[count - 1].gram != one.gram) all[count++] = {one.gram, 0};
    all[count - 1].distances |= one.distances;
  }
  all.resize(count);
  size_t words = std::bit_ceil(std::max<size_t>(kLeastWords, count * kFilterBits / 64));
  filter.assign(words, 0);
  shift = 64 - static_cast<unsigned>(std::countr_zero(words));
  ends.assign(std::bit_ceil(count * 3 / 2 + 1), {});
  for (const Ends& one : all) {
    uint64_t hashed = hash(one.gram);
    filter[hashed >> shift] |= uint64_t{1} << first_bit(hashed) | uint64_t{1} << second_bit(hashed);
    ends[slot_of(one.gram)] = one;
  }
}

/// Where the gram is, or goes.
size_t KnownMatcher::Grams::slot_of(uint64_t gram) const {
  size_t slot = hash(gram) >> 32 & (ends.size() - 1);
  while (ends[slot].distances != 0 && ends[slot].gram != gram)
    slot = (slot + 1) & (ends.size() - 1);
  return slot;
}

void KnownMatcher::build_heads() {
  by_head_.resize(entries_.size());
  for (uint32_t number = 0; number < by_head_.size(); ++number) by_head_[number] = number;
  std::sort(by_head_.begin(), by_head_.end(),
            [this](uint32_t a, uint32_t b) { return text(a) < text(b); });
  heads_.build(0, by_head_.size(), [this](size_t i) {
    return gram_at<kHead>(text_.data() + entries_[by_head_[i]].begin);
  });
}

/// The places where texts may end near one batch of the stream: each is looked at once, however
/// many pairs point at it.
class KnownMatcher::Batch {
 public:
  static constexpr size_t kSize = PairMarks::kMost;

  /// Where texts may end whose pair is `place` bytes into the batch.
  void add(size_t place, uint32_t distances) {
    size_t first = place + kNearest;
    uint64_t* word = &ends_[first / 64];
    word[0] |= uint64_t{distances} << first % 64;
    if (first % 64 > 32) word[1] |= uint64_t{distances} >> (64 - first % 64);
    any_ = true;
  }

  /// Calls `visit` with each, counted from the start of the batch, and goes on to the next one.
  template <typename Visit>
  void take(size_t words, Visit visit) {
    for (size_t word = 0; word < words; ++word) {
      for (uint64_t& left = ends_[word]; left != 0; left &= left - 1)
        visit(word * 64 + static_cast<size_t>(std::countr_zero(left)));
    }
  }

  /// Those within the batch, all of which its pairs and those before have told.
  template <typename Visit>
  void take_whole(Visit visit) {
    if (!any_) return;
    take(kSize / 64, visit);
    ends_[0] = std::exchange(ends_[kSize / 64], 0);
    any_ = ends_[0] != 0;
  }
  template <typename Visit>
  void take_rest(Visit visit) {
    if (any_) take(ends_.size(), visit);
  }

 private:
  static_assert(kFarthest <= 64);
  std::array<uint64_t, kSize / 64 + 1> ends_ = {};
  bool any_ = false;
};

void KnownMatcher::scan(std::string_view held, size_t fresh, uint64_t offset, uint32_t first_number,
                        std::vector<Match>& matches) const {
  if (entries_.empty() || fresh == 0) return;
  const char* const end = held.data() + held.size();
  const char* const old_end = end - fresh;  // matches that end up to here were reported before
  // A match that ends in the fresh bytes has its pair from here on.
  const char* text = old_end - std::min(held.size() - fresh, kFarthest - 1);
  auto report = [&](size_t place) {
    const char* match_end = text + place;
    if (match_end <= old_end || match_end > end) return;
    auto available = static_cast<size_t>(match_end - held.data());
    uint32_t number = longest_at(match_end, available);
    if (number != kNoEntry) matches.push_back({offset + available, first_number + number});
  };
  Batch batch;
  PairMarks::Places pairs;
  PairMarks::Places kept;
  while (true) {
    auto left = static_cast<size_t>(end - text);
    size_t size = left < kNearest ? 0 : std::min(left - kNearest + 1, Batch::kSize);
    size_t count = pairs_.find(text, size, pairs);
    for (const Grams& grams : grams_) {
      if (grams.empty()) continue;
      size_t likely = grams.keep(text, pairs, count, kept);
      for (size_t i = 0; i < likely; ++i) batch.add(kept[i], grams.distances(text + kept[i]));
    }
    if (left <= Batch::kSize) break;
    batch.take_whole(report);
    text += Batch::kSize;
  }
  batch.take_rest(report);
}

/// Those of the places whose gram is likely one of a text; how many.
size_t KnownMatcher::Grams::keep(const char* text, const PairMarks::Places& places, size_t count,
                                 PairMarks::Places& kept) const {
  const uint64_t* words = filter.data();
  const uint64_t mask = bytes;
  const unsigned by = shift;
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) {
    uint64_t hashed = hash(load(text + places[i]) & mask);
    uint64_t word = words[hashed >> by];
    kept[size] = places[i];
    size += word >> first_bit(hashed) & word >> second_bit(hashed) & 1;
  }
  return size;
}

uint32_t KnownMatcher::Grams::distances(const char* text) const {
  return ends[slot_of(load(text) & bytes)].distances;
}

/// The longest entry that stands right before `end`.
uint32_t KnownMatcher::longest_at(const char* end, size_t available) const {
  if (available < kShortest) return kNoEntry;
  Runs::Slot run = tails_.find(gram_at<kTail>(end - kTail), [this](uint32_t number) {
    return gram_at<kTail>(end_of(entries_[number]) - kTail);
  });
  return run.count == 0 ? kNoEntry : longest_before(end, available, run);
}

/// The longest entry of the run, or that one of the run ends with, that stands right before `end`.
uint32_t KnownMatcher::longest_before(const char* end, size_t available, Runs::Slot run) const {
  // Bisection for the last entry that is not greater than the bytes before `end`: the one looked
  // for, or one that ends with it.
  uint32_t low = run.first;
  uint32_t high = run.first + run.count;
  size_t same_as_low = 0;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const Entry& entry = entries_[middle];
    size_t limit = std::min<size_t>(entry.size, available);
    size_t same = same_before(end_of(entry), end, limit);
    bool greater = same < limit ? byte_before(end_of(entry), same) > byte_before(end, same)
                                : entry.size > available;
    if (greater) {
      high = middle;
    } else {
      low = middle + 1;
      same_as_low = same;
    }
  }
  if (low == run.first) return kNoEntry;
  uint32_t number = low - 1;
  while (number != kNoEntry && entries_[number].size > same_as_low)
    number = entries_[number].shorter;
  return number;
}

size_t KnownMatcher::cut_off(std::string_view bytes, size_t least, uint32_t& owner) const {
  if (entries_.empty() || bytes.size() < least) return 0;
  size_t most = std::min(bytes.size(), longest_ - 1);
  for (size_t length = most; length >= std::max(least, kHead); --length) {
    std::string_view tail = bytes.substr(bytes.size() - length);
    char head[kPadding] = {};
    std::memcpy(head, tail.data(), kHead);
    Runs::Slot run = heads_.find(gram_at<kHead>(head), [this](uint32_t i) {
      return gram_at<kHead>(text_.data() + entries_[by_head_[i]].begin);
    });
    if (run.count == 0) continue;
    auto first = by_head_.begin() + run.first;
    // The first text that is greater than the tail: if any begins with it, this one does.
    auto found = std::upper_bound(
        first, first + run.count, tail,
        [this](std::string_view wanted, uint32_t number) { return wanted < text(number); });
    if (found == first + run.count || !text(*found).starts_with(tail)) continue;
    owner = entries_[*found].owner;
    return length;
  }
  return 0;
}

size_t KnownMatcher::bytes() const {
  size_t total = text_.capacity() + entries_.capacity() * sizeof(Entry) +
                 tails_.slots.capacity() * sizeof(Runs::Slot) +
                 by_head_.capacity() * sizeof(uint32_t) +
                 heads_.slots.capacity() * sizeof(Runs::Slot);
  for (const Grams& grams : grams_)
    total += grams.filter.capacity() * sizeof(uint64_t) + grams.ends.capacity() * sizeof(Ends);
  return total;
}

}  // namespace redactd
