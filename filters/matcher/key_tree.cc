#include "filters/matcher/key_tree.h"

#include <algorithm>
#include <array>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

constexpr size_t kMostDigits = 3;  // of the number behind a key: password1, API_KEY_2
constexpr size_t kMostBlanks = 3;  // before the = of a marked key
constexpr size_t kReach = 1 + kMostDigits + kMostBlanks + 1;

constexpr ByteClass kMarks = ByteClass::of("\\\"'`]=:%>#\x1b\r\n");
constexpr ByteClass kOpenMarks = ByteClass::of(" \t&(,<");
constexpr ByteClass kBlanks = ByteClass::of(" \t\r\n\x1b\\");
constexpr std::string_view kInside = "_-. ";  // what a separator within a key may be

// Letters of keys, by number: both cases of a letter have the same, and so have separators.
constexpr unsigned kSeparator = 0;
constexpr unsigned kNoLetter = 63;  // of no key
constexpr std::array<uint8_t, 256> kLetters = [] {
  std::array<uint8_t, 256> letters{};
  for (unsigned byte = 0; byte < letters.size(); ++byte) {
    const char c = static_cast<char>(byte);
    unsigned letter = kNoLetter;
    if (is_letter(c)) letter = 1 + static_cast<unsigned>(to_lower(c) - 'a');
    if (is_digit(c)) letter = 27 + static_cast<unsigned>(c - '0');
    if (kInside.find(c) != std::string_view::npos) letter = kSeparator;
    letters[byte] = static_cast<uint8_t>(letter);
  }
  return letters;
}();
constexpr unsigned letter_of(char c) { return kLetters[static_cast<unsigned char>(c)]; }

/// A key's letters from the last to the first, with each of its separators and without.
std::vector<std::string> spellings(std::string_view key) {
  std::vector<std::string> found = {""};
  for (auto c = key.rbegin(); c != key.rend(); ++c) {
    std::vector<std::string> without;
    if (*c == '_') without = found;
    for (std::string& letters : found) letters += static_cast<char>(letter_of(*c));
    found.insert(found.end(), without.begin(), without.end());
  }
  return found;
}

bool is_inner_blank(char c) { return c == ' ' || c == '\t'; }

/// Behind the separator that follows a key's last letter, a number between them or not; 0: there is
/// none. kNone: it has not come yet.
size_t separator_end(std::string_view held, size_t at, bool marked) {
  if (at < held.size() && kMarks.has(held[at])) return at + 1;
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

void KeyTree::add(const std::vector<std::string>& keys, KeySeparator separator, uint32_t owner) {
  for (const std::string& key : keys) {
    if (key.empty()) continue;
    for (std::string& letters : spellings(key))
      keys_.push_back({std::move(letters), static_cast<uint32_t>(added_.size())});
  }
  added_.push_back({owner, separator});
}

void KeyTree::build() {
  // Brothers stand in the order of their letters.
  std::sort(keys_.begin(), keys_.end(),
            [](const Key& a, const Key& b) { return a.letters < b.letters; });
  nodes_.emplace_back();
  grow(0, 0, 0, keys_.size());
  keys_ = {};
  added_ = {};
}

/// Of the keys [from, to), which have their last `depth` letters in common, what stands before.
void KeyTree::grow(size_t node, size_t depth, size_t from, size_t to) {
  auto letter_before = [&](size_t key) { return static_cast<uint8_t>(keys_[key].letters[depth]); };
  nodes_[node].first_owner = static_cast<uint32_t>(owners_.size());
  for (; from < to && keys_[from].letters.size() == depth; ++from)
    owners_.push_back(added_[keys_[from].owner]);
  nodes_[node].last_owner = static_cast<uint32_t>(owners_.size());
  if (from == to) return;
  const uint8_t first = letter_before(from);
  const size_t row = nodes_.size();
  nodes_[node].row = static_cast<uint32_t>(row);
  nodes_[node].first_letter = first;
  nodes_[node].letters = static_cast<uint8_t>(letter_before(to - 1) - first + 1);
  nodes_.resize(row + nodes_[node].letters);
  while (from < to) {
    const uint8_t letter = letter_before(from);
    size_t end = from;
    while (end < to && letter_before(end) == letter) ++end;
    grow(row + letter - first, depth + 1, from, end);
    from = end;
  }
}

/// Shows `found` the nodes at which a key begins that ends at `key_end`, and where: the longest
/// last.
template <typename Found>
inline void KeyTree::walk(std::string_view text, size_t key_end, Found found) const {
  if (nodes_.empty()) return;
  const Node* const nodes = nodes_.data();
  const Node* node = nodes;
  for (size_t at = key_end; at > 0; --at) {
    const unsigned letter = letter_of(text[at - 1]) - node->first_letter;  // may wrap round
    if (letter >= node->letters) return;
    node = nodes + node->row + letter;
    if (node->first_owner != node->last_owner) found(*node, at - 1);
  }
}

/// Takes matches, each once: password1= is a key with a number and a key by itself, and a key has
/// several spellings.
struct KeyTree::Report {
  std::string_view held;
  const size_t (&ends)[3];  // of the match, by what has to separate the key
  size_t blank;             // behind the blank behind the key; 0: there is none
  size_t seen;
  uint64_t offset;
  uint32_t first_number;
  std::vector<Match>& matches;

  /// Not part of the walk, which is short without it.
  [[gnu::noinline]] void add(const Owner* owner, const Owner* last, size_t begin) {
    for (; owner != last; ++owner) {
      const size_t end = ends[static_cast<size_t>(owner->separator)];
      if (end > seen) add(end, owner->number);
      if (owner->separator == KeySeparator::mark && blank > seen && is_of_option(held, begin))
        add(blank, owner->number);
    }
  }

  void add(size_t end, uint32_t owner) {
    Match match{offset + end, first_number + owner};
    for (auto last = matches.rbegin(); last != matches.rend() && last->end + kReach > match.end;
         ++last) {
      if (*last == match) return;
    }
    matches.push_back(match);
  }
};

size_t KeyTree::longest(std::string_view text, size_t key_end, Begins begins) const {
  size_t longest = kNone;
  walk(text, key_end, [&](const Node&, size_t at) {
    if (begins == nullptr || begins(text, at)) longest = at;
  });
  return longest;
}

bool KeyTree::find(std::string_view held, const Place& place, uint64_t offset,
                   uint32_t first_number, std::vector<Match>& matches) const {
  if (nodes_.empty()) return true;
  const size_t open = separator_end(held, place.key_end, false);
  if (open == kNone) return false;
  const bool mark = open > 0 && kMarks.has(held[open - 1]);
  const size_t marked = mark ? open : separator_end(held, place.key_end, true);
  // The blank behind the key, which separates an option's value.
  const size_t blank = open > 0 && is_inner_blank(held[open - 1]) ? open : 0;
  const bool separated = open > 0 && kBlanks.has(held[open - 1]);
  // By what has to separate the key.
  const size_t ends[] = {open, marked == kNone ? 0 : marked, separated ? open : 0};
  if (std::max(ends[0], ends[1]) <= place.seen) return marked != kNone;
  Report report{held, ends, blank, place.seen, offset, first_number, matches};
  const Owner* const owners = owners_.data();
  walk(held, place.key_end, [&](const Node& node, size_t at) {
    report.add(owners + node.first_owner, owners + node.last_owner, at);
  });
  return marked != kNone;
}

}  // namespace redactd
