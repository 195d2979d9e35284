#include "filters/key_tree.h"

#include <algorithm>
#include <bit>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

constexpr size_t kMostDigits = 3;  // of the number behind a key: password1, API_KEY_2
constexpr size_t kMostBlanks = 3;  // before the = of a marked key
constexpr size_t kReach = 1 + kMostDigits + kMostBlanks + 1;

constexpr ByteClass kMarks = ByteClass::of("\\\"'`]=:%>\x1b\r\n");
constexpr ByteClass kOpenMarks = ByteClass::of(" \t&(,<");
constexpr ByteClass kInside = ByteClass::of("_-. ");

// Letters of keys, by number: both cases of a letter have the same.
constexpr unsigned kSeparator = 36;
constexpr unsigned kNoLetter = 63;  // of no key
constexpr unsigned letter_of(char c) {
  if (is_letter(c)) return static_cast<unsigned>(to_lower(c) - 'a');
  if (is_digit(c)) return 26 + static_cast<unsigned>(c - '0');
  return kNoLetter;
}
constexpr uint64_t bit(unsigned letter) { return uint64_t{1} << letter; }

bool is_inner_blank(char c) { return c == ' ' || c == '\t'; }

/// Behind the separator that follows a key's last letter, a number between them or not; 0: there is
/// none. kNone: it has not come yet.
size_t separator_end(std::string_view held, size_t at, bool marked) {
  size_t digits = at < held.size() && held[at] == '_' ? at + 1 : at;
  size_t end = digits;
  while (end < held.size() && end - digits < kMostDigits && is_digit(held[end])) ++end;
  if (end == held.size()) return kNone;
  if (end > digits) at = end;
  if (kMarks.has(held[at]) || (!marked && kOpenMarks.has(held[at]))) return at + 1;
  if (!marked) return 0;
  size_t mark = at;
  while (mark < held.size() && mark - at < kMostBlanks && is_inner_blank(held[mark])) ++mark;
  if (mark == held.size()) return kNone;
  bool marks =
      mark > at && (held[mark] == '=' || held[mark] == ':' || to_lower(held[mark]) == 'i');  // is
  return marks ? mark + 1 : 0;
}

/// `--api-key …`: a dash before a key that begins at `at`, or before the name that it is part of.
bool is_of_option(std::string_view held, size_t at) {
  constexpr size_t kLongest = 40;
  for (size_t i = 0; i < std::min(at, kLongest + 1); ++i) {
    char c = held[at - 1 - i];
    if (c == '-') return true;
    if (!is_alnum(c) && c != '_' && c != '.') return false;
  }
  return false;
}

}  // namespace

void KeyTree::add(const std::vector<std::string>& keys, bool marked, uint32_t owner) {
  for (const std::string& key : keys) {
    if (key.empty()) continue;
    keys_.push_back({{key.rbegin(), key.rend()}, static_cast<uint32_t>(added_.size())});
  }
  added_.push_back({owner, marked});
}

void KeyTree::build() {
  // Brothers stand in the order of their letters.
  for (Key& key : keys_) {
    for (char& c : key.reversed) c = static_cast<char>(c == '_' ? kSeparator : letter_of(c));
  }
  std::sort(keys_.begin(), keys_.end(),
            [](const Key& a, const Key& b) { return a.reversed < b.reversed; });
  nodes_.emplace_back();
  grow(0, 0, 0, keys_.size());
  keys_ = {};
  added_ = {};
}

/// Of the keys [from, to), which have their last `depth` letters in common, what stands before.
void KeyTree::grow(uint32_t node, size_t depth, size_t from, size_t to) {
  nodes_[node].first_owner = static_cast<uint32_t>(owners_.size());
  for (; from < to && keys_[from].reversed.size() == depth; ++from)
    owners_.push_back(added_[keys_[from].owner]);
  nodes_[node].last_owner = static_cast<uint32_t>(owners_.size());
  auto next = static_cast<uint32_t>(nodes_.size());
  nodes_[node].first_before = next;
  std::vector<size_t> runs;  // where the keys of each child begin
  for (size_t i = from; i < to; ++i) {
    char letter = keys_[i].reversed[depth];
    if (i > from && letter == keys_[i - 1].reversed[depth]) continue;
    runs.push_back(i);
    nodes_.emplace_back();
    nodes_[node].before |= bit(static_cast<unsigned>(letter));
  }
  runs.push_back(to);
  for (size_t i = 0; i + 1 < runs.size(); ++i)
    grow(next + static_cast<uint32_t>(i), depth + 1, runs[i], runs[i + 1]);
}

struct KeyTree::Walk {
  std::string_view held;
  size_t seen;
  size_t ends[2];  // of the separator: for open and for marked keys; 0: none
  size_t blank;    // the end of the blank behind the key, which separates an option's; 0: none
  uint64_t offset;
  uint32_t first_number;
  std::vector<Match>& matches;

  /// password1= is a key with a number and a key by itself, and a key is reached on two ways.
  void report(size_t end, uint32_t owner) {
    Match match{offset + end, first_number + owner};
    for (auto last = matches.rbegin(); last != matches.rend() && last->end + kReach > match.end;
         ++last) {
      if (*last == match) return;
    }
    matches.push_back(match);
  }
};

void KeyTree::go_back(const Node* node, size_t at, Walk& walk) const {
  auto before = [this](const Node& of, unsigned letter) -> const Node* {
    uint64_t earlier = of.before & (bit(letter) - 1);
    // Most have one child; counting bits is a call, for not every processor can.
    return &nodes_[of.first_before +
                   (earlier == 0 ? 0u : static_cast<unsigned>(std::popcount(earlier)))];
  };
  while (true) {
    for (uint32_t i = node->first_owner; i < node->last_owner; ++i) {
      size_t end = walk.ends[owners_[i].marked];
      if (end > walk.seen) walk.report(end, owners_[i].number);
      if (owners_[i].marked && walk.blank > walk.seen && is_of_option(walk.held, at))
        walk.report(walk.blank, owners_[i].number);
    }
    if ((node->before & bit(kSeparator)) != 0) {
      const Node* word = before(*node, kSeparator);
      go_back(word, at, walk);
      if (at > 0 && kInside.has(walk.held[at - 1])) go_back(word, at - 1, walk);
    }
    unsigned letter = at > 0 ? letter_of(walk.held[at - 1]) : kNoLetter;
    if ((node->before & bit(letter)) == 0) return;
    node = before(*node, letter);
    --at;
  }
}

bool KeyTree::find(std::string_view held, const Place& place, uint64_t offset,
                   uint32_t first_number, std::vector<Match>& matches) const {
  if (nodes_.empty()) return true;
  size_t open = separator_end(held, place.key_end, false);
  size_t marked = separator_end(held, place.key_end, true);
  if (open == kNone) return false;
  const size_t blank = open > 0 && is_inner_blank(held[open - 1]) ? open : 0;
  Walk walk{held,         place.seen, {open, marked == kNone ? 0 : marked}, blank, offset,
            first_number, matches};
  if (std::max(walk.ends[0], walk.ends[1]) > place.seen)
    go_back(&nodes_.front(), place.key_end, walk);
  return marked != kNone;
}

}  // namespace redactd
