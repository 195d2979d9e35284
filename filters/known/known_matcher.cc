#include "filters/known/known_matcher.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace redactd {
namespace {

/// Bytes of a gram, and how far apart the places are that are looked at.
struct Shape {
  size_t gram;
  size_t stride;
  constexpr size_t shortest() const { return gram + stride - 1; }
};
constexpr Shape kShapes[] = {{4, 3}, {4, 5}, {6, 11}};
constexpr size_t kFilterBits = 16;  // for a gram, of which two are set
constexpr size_t kBatch = 8;        // places that are looked at before anything is done about one
static_assert(kShapes[0].shortest() == KnownMatcher::kShortest);

constexpr uint32_t kMostTexts = 0xffffff;
constexpr size_t kHead = 4;  // bytes at the start of a text that cut_off() goes by
constexpr size_t kPadding = 8;

size_t class_of(size_t size) {
  size_t number = std::size(kShapes) - 1;
  while (size < kShapes[number].shortest()) --number;
  return number;
}

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
  auto compare = [this](const Entry& a, const Entry& b) {
    size_t class_a = class_of(a.size);
    size_t class_b = class_of(b.size);
    if (class_a != class_b) return class_a < class_b ? -1 : 1;
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
  build_class<0>();
  build_class<1>();
  build_class<2>();
  build_heads();
}

template <size_t kClass>
void KnownMatcher::build_class() {
  constexpr size_t kGram = kShapes[kClass].gram;
  constexpr size_t kStride = kShapes[kClass].stride;
  Class& group = classes_[kClass];
  auto before = [](const Entry& entry, size_t number) { return class_of(entry.size) < number; };
  auto first = std::lower_bound(entries_.begin(), entries_.end(), kClass, before);
  auto last = std::lower_bound(entries_.begin(), entries_.end(), kClass + 1, before);
  group.first = static_cast<uint32_t>(first - entries_.begin());
  group.last = static_cast<uint32_t>(last - entries_.begin());
  if (first == last) return;
  size_t grams = static_cast<size_t>(last - first) * kStride;
  size_t words = std::bit_ceil(std::max<size_t>(64, grams * kFilterBits / 64));
  group.filter.assign(words, 0);
  group.shift = 64 - static_cast<unsigned>(std::countr_zero(words));
  std::vector<uint32_t> endings;  // of the entries that this one ends with, the shortest first
  for (uint32_t number = group.first; number < group.last; ++number) {
    Entry& entry = entries_[number];
    for (size_t back = 0; back < kStride; ++back) {
      uint64_t hashed = hash(gram_at<kGram>(end_of(entry) - kGram - back));
      group.filter[hashed >> group.shift] |=
          uint64_t{1} << first_bit(hashed) | uint64_t{1} << second_bit(hashed);
    }
    auto ends_with = [&](const Entry& shorter) {
      return shorter.size <= entry.size &&
             same_before(end_of(entry), end_of(shorter), shorter.size) == shorter.size;
    };
    while (!endings.empty() && !ends_with(entries_[endings.back()])) endings.pop_back();
    entry.shorter = endings.empty() ? kNoEntry : endings.back();
    endings.push_back(number);
  }
  group.ends.build(group.first, group.last, [this](size_t number) {
    return gram_at<kGram>(end_of(entries_[number]) - kGram);
  });
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

void KnownMatcher::scan(std::string_view held, size_t fresh, uint64_t offset, uint32_t first_number,
                        std::vector<Match>& matches) const {
  if (entries_.empty() || fresh == 0) return;
  scan_class<0>(held, fresh, offset, first_number, matches);
  scan_class<1>(held, fresh, offset, first_number, matches);
  scan_class<2>(held, fresh, offset, first_number, matches);
}

template <size_t kClass>
void KnownMatcher::scan_class(std::string_view held, size_t fresh, uint64_t offset,
                              uint32_t first_number, std::vector<Match>& matches) const {
  constexpr size_t kGram = kShapes[kClass].gram;
  constexpr size_t kStride = kShapes[kClass].stride;
  const Class& group = classes_[kClass];
  if (group.first == group.last) return;
  const uint64_t* filter = group.filter.data();
  const unsigned shift = group.shift;
  auto may_be = [&](const char* at) {
    uint64_t hashed = hash(gram_at<kGram>(at));
    uint64_t word = filter[hashed >> shift];
    return (word >> first_bit(hashed) & word >> second_bit(hashed) & 1) != 0;
  };
  const char* const end = held.data() + held.size();
  const char* const old_end = end - fresh;  // matches that end up to here were reported before
  auto last_gram_of = [this](uint32_t number) {
    return gram_at<kGram>(end_of(entries_[number]) - kGram);
  };
  auto look_around = [&, this](const char* place) {
    for (size_t more = 0; more < kStride; ++more) {
      const char* last_gram = place + more;
      const char* match_end = last_gram + kGram;
      if (match_end > end) break;
      if (match_end <= old_end || !may_be(last_gram)) continue;
      Runs::Slot run = group.ends.find(gram_at<kGram>(last_gram), last_gram_of);
      if (run.count == 0) continue;
      size_t available = static_cast<size_t>(match_end - held.data());
      uint32_t number = longest_before(match_end, available, run);
      if (number != kNoEntry) matches.push_back({offset + available, first_number + number});
    }
  };
  // A match that ends in the fresh bytes has a gram at one of the places from here on.
  size_t back = std::min(held.size() - fresh, kGram + kStride - 2);
  const char* place = old_end - back;
  for (; place + (kBatch - 1) * kStride + kGram <= end; place += kBatch * kStride) {
    unsigned found = 0;
    for (size_t i = 0; i < kBatch; ++i)
      found |= static_cast<unsigned>(may_be(place + i * kStride)) << i;
    for (; found != 0; found &= found - 1)
      look_around(place + static_cast<size_t>(std::countr_zero(found)) * kStride);
  }
  for (; place + kGram <= end; place += kStride)
    if (may_be(place)) look_around(place);
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
                 by_head_.capacity() * sizeof(uint32_t) +
                 heads_.slots.capacity() * sizeof(Runs::Slot);
  for (const Class& group : classes_) {
    total += group.filter.capacity() * sizeof(uint64_t) +
             group.ends.slots.capacity() * sizeof(Runs::Slot);
  }
  return total;
}

}  // namespace redactd
