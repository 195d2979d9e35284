#include "filters/spans/regex_shape.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "filters/byte_options.h"

namespace redactd {
namespace {

constexpr size_t kNone = std::string_view::npos;
constexpr size_t kMany = SIZE_MAX;
constexpr size_t kMostDepth = 64;
// A repeat of so many bytes is not worth a thought.
constexpr size_t kShort = 32;
// A word's end behind so many bytes says little more than they do.
constexpr size_t kTelling = 8;

struct Item;
using Branch = std::vector<Item>;
using Branches = std::vector<Branch>;

/// A part of an expression, with the number of times that it may stand there.
struct Item {
  enum class Kind { byte, assertion, group, flags };
  Kind kind = Kind::byte;
  std::string text;          // all of it
  std::string_view atom;     // without the repeat
  std::string_view opening;  // group
  size_t min = 1;
  size_t max = 1;
  int number = 0;     // of a group that captures
  Branches branches;  // group

  bool once() const { return min == 1 && max == 1; }
  bool varies() const { return min < max; }
  bool takes_bytes() const { return kind == Kind::byte || kind == Kind::group; }
};

struct Width {
  size_t min = 0;
  size_t max = 0;
};

size_t plus(size_t a, size_t b) { return a > kMany - b ? kMany : a + b; }
size_t times(size_t a, size_t b) { return a != 0 && b > kMany / a ? kMany : a * b; }

Width width_of(const Branches& branches);

Width width_of(const Item& item) {
  if (!item.takes_bytes()) return {};
  Width once = item.kind == Item::Kind::byte ? Width{1, 1} : width_of(item.branches);
  return {times(once.min, item.min), times(once.max, item.max)};
}

Width width_of(std::span<const Item> items) {
  Width width;
  for (const Item& item : items) {
    Width more = width_of(item);
    width = {plus(width.min, more.min), plus(width.max, more.max)};
  }
  return width;
}

Width width_of(const Branches& branches) {
  Width all{kMany, 0};
  for (const Branch& branch : branches) {
    const Width width = width_of(std::span<const Item>(branch));
    all = {std::min(all.min, width.min), std::max(all.max, width.max)};
  }
  return all;
}

/// Reads an expression that RE2 takes.
class Reader {
 public:
  explicit Reader(std::string_view expression) : text_(expression) {}

  bool read(Branches& branches) {
    branches = read_branches(0);
    return !failed_ && at_ == text_.size();
  }
  bool quotes() const { return quotes_; }

 private:
  bool more() const { return !failed_ && at_ < text_.size(); }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Branches read_branches(size_t depth) {
    Branches branches(1);
    failed_ = failed_ || depth > kMostDepth;
    while (more() && peek() != ')') {
      if (peek() == '|') {
        branches.emplace_back();
        ++at_;
      } else if (text_.substr(at_).starts_with("\\Q")) {
        read_quoted(branches.back());
      } else {
        branches.back().push_back(read_item(depth));
      }
    }
    return branches;
  }

  void read_quoted(Branch& branch) {
    quotes_ = true;
    size_t end = std::min(text_.find("\\E", at_), text_.size());
    for (at_ += 2; at_ < end; ++at_) {
      Item item;
      item.atom = text_.substr(at_, 1);
      item.text = std::string(item.atom);
      branch.push_back(std::move(item));
    }
    at_ = std::min(end + 2, text_.size());
    failed_ = failed_ || starts_repeat();
  }

  Item read_item(size_t depth) {
    const size_t begin = at_;
    Item item;
    switch (peek()) {
      case '(':
        read_group(item, depth);
        break;
      case '[':
        read_bracket();
        break;
      case '\\':
        read_escape(item);
        break;
      case '^':
      case '$':
        item.kind = Item::Kind::assertion;
        [[fallthrough]];
      default:
        failed_ = failed_ || (item.takes_bytes() && starts_repeat());
        ++at_;
    }
    item.atom = text_.substr(begin, at_ - begin);
    read_repeat(item);
    item.text = text_.substr(begin, at_ - begin);
    return item;
  }

  void read_group(Item& item, size_t depth) {
    const size_t begin = at_;
    if (peek(1) != '?') {
      item.number = ++groups_;
      ++at_;
    } else {
      size_t end = text_.find_first_of(":)>", at_);
      if (end == kNone) return fail();
      at_ = end + 1;
      if (text_[end] == '>') item.number = ++groups_;
      if (text_[end] == ')') {
        item.kind = Item::Kind::flags;
        return;
      }
    }
    item.kind = Item::Kind::group;
    item.opening = text_.substr(begin, at_ - begin);
    item.branches = read_branches(depth + 1);
    if (peek() != ')') return fail();
    ++at_;
  }

  void read_bracket() {
    ++at_;
    if (peek() == '^') ++at_;
    if (peek() == ']') ++at_;  // a member
    while (more() && peek() != ']') {
      size_t end = text_.find(":]", at_);
      if (peek() == '\\') {
        at_ += 2;
      } else if (text_.substr(at_).starts_with("[:") && end != kNone) {
        at_ = end + 2;
      } else {
        ++at_;
      }
    }
    if (!more()) return fail();
    ++at_;
  }

  void read_escape(Item& item) {
    constexpr std::string_view kAssertions = "bBAz";
    constexpr std::string_view kBytes = "dDsSwWafnrtvC";
    const char what = peek(1);
    at_ += 2;
    if (kAssertions.find(what) != kNone) {
      item.kind = Item::Kind::assertion;
    } else if (what == 'x' || what == 'p' || what == 'P') {
      size_t end = peek() == '{' ? text_.find('}', at_) : at_ + (what == 'x' ? 1 : 0);
      if (end == kNone) return fail();
      at_ = end + 1;
    } else if (is_digit(what)) {
      for (int digits = 1; digits < 3 && peek() >= '0' && peek() <= '7'; ++digits) ++at_;
    } else if (is_letter(what) && kBytes.find(what) == kNone) {
      fail();
    }
    if (at_ > text_.size()) fail();
  }

  bool starts_repeat() const {
    size_t end = 0;
    return peek() == '*' || peek() == '+' || peek() == '?' || counted_at(end).has_value();
  }

  /// `{2}`, `{2,}` or `{2,5}`; other braces stand for themselves.
  std::optional<Width> counted_at(size_t& end) const {
    if (peek() != '{') return std::nullopt;
    end = at_ + 1;
    auto number = [&](size_t none) {
      size_t value = none;
      for (; end < text_.size() && is_digit(text_[end]); ++end)
        value = std::min<size_t>((value == none ? 0 : value * 10) + size_t(text_[end] - '0'), 9999);
      return value;
    };
    Width counted;
    counted.min = counted.max = number(kMany);
    if (counted.min == kMany) return std::nullopt;
    if (end < text_.size() && text_[end] == ',') {
      ++end;
      counted.max = number(kMany);
    }
    if (end >= text_.size() || text_[end] != '}') return std::nullopt;
    ++end;
    return counted;
  }

  void read_repeat(Item& item) {
    size_t end = 0;
    if (!more() || !starts_repeat()) return;
    if (!item.takes_bytes()) return fail();
    if (std::optional<Width> counted = counted_at(end)) {
      item.min = counted->min;
      item.max = counted->max;
      at_ = end;
    } else {
      item.min = peek() == '+' ? 1 : 0;
      item.max = peek() == '?' ? 1 : kMany;
      ++at_;
    }
    if (peek() == '?') ++at_;  // the shortest first: the same matches
    failed_ = failed_ || starts_repeat();
  }

  void fail() { failed_ = true; }

  std::string_view text_;
  size_t at_ = 0;
  int groups_ = 0;
  bool failed_ = false;
  bool quotes_ = false;
};

std::string counted(const Item& item) {
  std::string text(item.atom);
  if (item.min != 1) text.append("{").append(std::to_string(item.min)).append("}");
  return text;
}

/// Whether a match may go on or not where the item ends.
bool ends_open(const Item& item) {
  if (item.varies()) return item.min >= kTelling;
  return item.kind == Item::Kind::group && item.once() && item.branches.size() == 1 &&
         !item.branches[0].empty() && ends_open(item.branches[0].back());
}

bool may_stay_away(const Item& item) { return item.takes_bytes() && item.min == 0; }

std::string without_tail(const Branches& branches);

std::string without_tail(const Item& item) {
  Item shortest = item;
  shortest.max = item.min;
  if (item.kind != Item::Kind::group || !shortest.once())
    return item.varies() ? counted(item) : item.text;
  return std::string(item.opening).append(without_tail(item.branches)).append(")");
}

/// How many of the items are left without a tail that may stay away.
size_t needed_items(const Branch& branch) {
  size_t count = branch.size();
  while (count > 0) {
    const Item& last = branch[count - 1];
    const bool word_end = last.kind == Item::Kind::assertion && last.atom == "\\b" && count > 1 &&
                          ends_open(branch[count - 2]);
    if (!may_stay_away(last) && !word_end) break;
    --count;
  }
  return count;
}

std::string without_tail(const Branch& branch) {
  std::string text;
  const size_t count = needed_items(branch);
  for (size_t i = 0; i + 1 < count; ++i) text += branch[i].text;
  return count == 0 ? text : text + without_tail(branch[count - 1]);
}

std::string without_tail(const Branches& branches) {
  std::string text;
  for (size_t i = 0; i < branches.size(); ++i) {
    if (i > 0) text += '|';
    text += without_tail(branches[i]);
  }
  return text;
}

/// What the atoms of an expression may be, whatever flags hold where they stand.
class Atoms {
 public:
  explicit Atoms(std::map<std::string, ByteClass, std::less<>>& known) : known_(known) {}

  void add(const Branches& branches, ByteClass& to) {
    for (const Branch& branch : branches) {
      for (const Item& item : branch) add(item, to);
    }
  }
  void add(const Item& item, ByteClass& to) {
    if (item.kind == Item::Kind::byte) to.add(of(item.atom));
    if (item.kind == Item::Kind::group) add(item.branches, to);
  }

  /// Whether a match may begin (or end) with the byte.
  bool borders_on(const Branches& branches, char byte, bool at_end) {
    return std::any_of(branches.begin(), branches.end(), [&](const Branch& branch) {
      for (size_t i = 0; i < branch.size(); ++i) {
        const Item& item = branch[at_end ? branch.size() - 1 - i : i];
        if (item.kind == Item::Kind::byte && of(item.atom).has(byte)) return true;
        if (item.kind == Item::Kind::group && borders_on(item.branches, byte, at_end)) return true;
        if (width_of(item).min > 0) return false;
      }
      return false;
    });
  }

 private:
  const ByteClass& of(std::string_view atom) {
    if (auto found = known_.find(atom); found != known_.end()) return found->second;
    ByteClass members;
    for (const char* flags : {"(?s:", "(?is:"}) {
      RE2 regex(std::string(flags).append(atom).append(")"), byte_options());
      for (unsigned byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        if (!regex.ok() || RE2::FullMatch(re2::StringPiece(&c, 1), regex))
          members.add(static_cast<unsigned char>(byte));
      }
    }
    return known_.emplace(atom, members).first->second;
  }

  std::map<std::string, ByteClass, std::less<>>& known_;
};

/// Whether a byte that cannot stand in the group stands just before it in every match. `items` are
/// those before it.
bool begins_at_an_edge(std::span<const Item> items, const ByteClass& inside, Atoms& atoms) {
  ByteClass before;
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    atoms.add(*item, before);
    if (width_of(*item).min > 0) return !inside.meets(before);
  }
  return false;
}

/// Where the group lies, if what stands behind it is always as wide and what stands before it is,
/// or ends in an edge.
std::optional<RegexShape::SecretPlace> place_of(const Branches& branches, int group, Atoms& atoms) {
  if (branches.size() != 1) return std::nullopt;
  const Branch& branch = branches[0];
  for (size_t i = 0; i < branch.size(); ++i) {
    const Item& item = branch[i];
    if (item.kind != Item::Kind::group || !item.once()) continue;
    RegexShape::SecretPlace place{0, 0, {}};
    if (item.number == group) {
      atoms.add(item, place.inside);
    } else {
      std::optional<RegexShape::SecretPlace> inner = place_of(item.branches, group, atoms);
      if (!inner) continue;
      place = *inner;
    }
    const std::span<const Item> items(branch);
    const Width before = width_of(items.first(i));
    const Width behind = width_of(items.subspan(i + 1));
    if (behind.min != behind.max) return std::nullopt;
    place.behind += behind.min;
    if (place.before && before.min == before.max) {
      *place.before += before.min;
    } else if (place.before) {
      if (item.number != group || !begins_at_an_edge(items.first(i), place.inside, atoms))
        return std::nullopt;
      place.before.reset();
    }
    return place;
  }
  return std::nullopt;
}

/// A look behind a match. RE2 looks on behind a match while a longer one, or one from before, may
/// still come. Where each of many looks would go far, time would be that of a square. While such a
/// look goes through one and the same repeat of single bytes that every match goes through, no
/// other match can lie in it: it would pass the repeat as well, and from there on the look could go
/// the other's way and find a match there. So looks through these hardly overlap. The other repeats
/// are doubtful, `(?:.*;)?`, unless every match holds a byte that cannot stand in them.
void find_doubtful(const Branches& branches, bool in_each_match, Atoms& atoms,
                   std::vector<ByteClass>& doubtful) {
  in_each_match = in_each_match && branches.size() == 1;
  for (const Branch& branch : branches) {
    for (const Item& item : branch) {
      const bool single = item.kind == Item::Kind::byte;
      if (!item.takes_bytes() || width_of(item).max <= kShort || (single && in_each_match))
        continue;
      if (!single && item.max == 1) {
        find_doubtful(item.branches, in_each_match && item.min == 1, atoms, doubtful);
        continue;
      }
      doubtful.emplace_back();
      atoms.add(item, doubtful.back());
    }
  }
}

}  // namespace

std::optional<RegexShape> RegexShapes::shape_of(std::string_view expression, int group) {
  Branches branches;
  Reader reader(expression);
  if (!reader.read(branches)) return std::nullopt;
  Atoms atoms(classes_);
  RegexShape shape;
  if (group != 0) shape.secret = place_of(branches, group, atoms);
  shape.meets_line_end =
      atoms.borders_on(branches, '\n', false) || atoms.borders_on(branches, '\n', true);
  atoms.add(branches, shape.bytes);
  find_doubtful(branches, true, atoms, shape.doubtful);
  shape.needed = expression;
  if (reader.quotes()) return shape;
  shape.needed = without_tail(branches);
  return shape;
}

}  // namespace redactd
