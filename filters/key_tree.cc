#include "filters/key_tree.h"

#include <algorithm>
#include <array>

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

// Letters of keys, by number: both cases of a letter have the same. The separator is the first, so
// that it is found at once.
constexpr unsigned kSeparator = 0;
constexpr unsigned kNoLetter = 63;  // of no key
constexpr std::array<uint8_t, 256> kLetters = [] {
  std::array<uint8_t, 256> letters{};
  for (unsigned byte = 0; byte < letters.size(); ++byte) {
    const char c = static_cast<char>(byte);
    unsigned letter = kNoLetter;
    if (is_letter(c)) letter = 1 + static_cast<unsigned>(to_lower(c) - 'a');
    if (is_digit(c)) letter = 27 + static_cast<unsigned>(c - '0');
    letters[byte] = static_cast<uint8_t>(letter);
  }
  return letters;
}();
constexpr unsigned letter_of(char c) { return kLetters[static_cast<unsigned char>(c)]; }
constexpr uint64_t bit(unsigned letter) { return uint64_t{1} << letter; }

/// std::popcount() is a call where not every processor has an instruction for it.
constexpr unsigned count_bits(uint64_t bits) {
  bits -= bits >> 1 & 0x5555555555555555u;
  bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
  bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<unsigned>(bits * 0x0101010101010101u >> 56);
}

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

/// What stands before the node's bytes: the node of that letter, which is one of them. Most have
/// one.
inline const KeyTree::Node* KeyTree::before(const Node* node, unsigned letter) const {
  const uint64_t earlier = node->before & (bit(letter) - 1);
  return &nodes_[node->first_before + (earlier == 0 ? 0 : count_bits(earlier))];
}

/// Whether a key begins at the node, or may go on before it with the letter.
bool KeyTree::leads_on(const Node* node, unsigned letter) {
  return node->first_owner != node->last_owner ||
         (node->before & (bit(letter) | bit(kSeparator))) != 0;
}

void KeyTree::go_back(const Node* node, size_t at, Walk& walk) const {
  while (true) {
    for (uint32_t i = node->first_owner; i < node->last_owner; ++i) {
      size_t end = walk.ends[owners_[i].marked];
      if (end > walk.seen) walk.report(end, owners_[i].number);
      if (owners_[i].marked && walk.blank > walk.seen && is_of_option(walk.held, at))
        walk.report(walk.blank, owners_[i].number);
    }
    const char c = at > 0 ? walk.held[at - 1] : '\0';
    const unsigned letter = letter_of(c);
    if ((node->before & bit(kSeparator)) != 0) {
      const Node* word = before(node, kSeparator);
      if (leads_on(word, letter)) go_back(word, at, walk);
      if (kInside.has(c)) go_back(word, at - 1, walk);
    }
    if ((node->before & bit(letter)) == 0) return;
    node = before(node, letter);
    --at;
  }
}

void KeyTree::look_back(const Node* node, std::string_view text, size_t at, Begins begins,
                        size_t& longest) const {
  while (true) {
    const bool ends = node->first_owner != node->last_owner;
    if (ends && at < longest && (begins == nullptr || begins(text, at))) longest = at;
    const char c = at > 0 ? text[at - 1] : '\0';
    const unsigned letter = letter_of(c);
    if ((node->before & bit(kSeparator)) != 0) {
      const Node* word = before(node, kSeparator);
      if (kInside.has(c)) {
        look_back(word, text, at - 1, begins, longest);
      } else if (leads_on(word, letter)) {
        look_back(word, text, at, begins, longest);
      }
    }
    if ((node->before & bit(letter)) == 0) return;
    node = before(node, letter);
    --at;
  }
}

size_t KeyTree::longest(std::string_view text, size_t key_end, Begins begins) const {
  size_t longest = kNone;
  if (!nodes_.empty()) look_back(&nodes_.front(), text, key_end, begins, longest);
  return longest;
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
