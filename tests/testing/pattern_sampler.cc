#include "tests/testing/pattern_sampler.h"

#include <algorithm>
#include <bitset>
#include <cctype>
#include <stdexcept>
#include <vector>

namespace redactd::test {
namespace {

constexpr size_t kMostExtra = 6;  // repeats beyond the fewest

using Members = std::bitset<256>;

/// Recursive descent that writes while it reads. A part that is read but not chosen writes into
/// nothing.
class Sampler {
 public:
  Sampler(std::string_view pattern, std::mt19937& random) : rest_(pattern), random_(random) {}

  std::string run() {
    std::string text = alternatives();
    if (!rest_.empty()) fail("an unbalanced )");
    return text;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::invalid_argument("the sampler does not understand " + why + " before '" +
                                std::string(rest_) + "'");
  }
  bool next_is(std::string_view text) const { return rest_.starts_with(text); }
  bool skip(std::string_view text) {
    if (!next_is(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  char take() {
    if (rest_.empty()) fail("the end");
    char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  size_t below(size_t bound) { return random_() % bound; }

  std::string alternatives() {
    bool any_case = any_case_;
    std::vector<std::string> all = {sequence()};
    while (skip("|")) all.push_back(sequence());
    any_case_ = any_case;
    return all[below(all.size())];
  }

  std::string sequence() {
    std::string text;
    while (!rest_.empty() && !next_is("|") && !next_is(")")) text += repeated();
    return text;
  }

  /// An atom and its quantifier: each time it is drawn anew, from the same place in the pattern.
  std::string repeated() {
    std::string_view atom_begin = rest_;
    std::string text = atom();
    std::string_view atom_end = rest_;
    size_t least = 1;
    size_t most = 1;
    if (!quantifier(least, most)) return text;
    std::string_view behind = rest_;
    size_t count = least + below(std::min(most - least, kMostExtra) + 1);
    text.clear();
    for (size_t i = 0; i < count; ++i) {
      rest_ = atom_begin;
      text += atom();
      if (rest_.size() != atom_end.size()) fail("an atom of two lengths");
    }
    rest_ = behind;
    return text;
  }

  bool quantifier(size_t& least, size_t& most) {
    if (skip("?")) return least = 0, true;
    if (skip("*")) return least = 0, most = kMostExtra, true;
    if (skip("+")) return most = 1 + kMostExtra, true;
    if (!skip("{")) return false;
    least = most = number();
    if (skip(",")) most = next_is("}") ? least + kMostExtra : number();
    if (!skip("}")) fail("a repeat");
    return true;
  }

  size_t number() {
    size_t value = 0;
    if (rest_.empty() || std::isdigit(static_cast<unsigned char>(rest_.front())) == 0)
      fail("a number");
    while (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0)
      value = value * 10 + static_cast<size_t>(take() - '0');
    return value;
  }

  std::string atom() {
    if (skip("(?i)")) return any_case_ = true, "";
    if (skip("(?-i)")) return any_case_ = false, "";
    if (skip("(?:") || skip("(")) {
      std::string text = alternatives();
      if (!skip(")")) fail("a group without an end");
      return text;
    }
    if (skip("[")) return one_of(members());
    if (skip("\\b") || skip("^")) return "";
    if (skip(".")) return one_of(~Members());
    Members single;
    if (next_is("\\")) return one_of(escape());
    single.set(static_cast<unsigned char>(take()));
    return one_of(single);
  }

  Members escape() {
    take();
    Members members;
    char c = take();
    switch (c) {
      case 'd':
        return range('0', '9');
      case 'w':
        return range('0', '9') | range('a', 'z') | range('A', 'Z') | range('_', '_');
      case 's':
        return range('\t', '\n') | range('\f', '\r') | range(' ', ' ');
      case 'S':
        return ~(range('\t', '\n') | range('\f', '\r') | range(' ', ' '));
      case 't':
        return range('\t', '\t');
      case 'r':
        return range('\r', '\r');
      case 'n':
        return range('\n', '\n');
      case 'x': {
        std::string digits = {take(), take()};
        members.set(std::stoul(digits, nullptr, 16));
        return members;
      }
      default:
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) fail(std::string("\\") + c);
        members.set(static_cast<unsigned char>(c));
        return members;
    }
  }

  static Members range(char first, char last) {
    Members members;
    for (int c = static_cast<unsigned char>(first); c <= static_cast<unsigned char>(last); ++c)
      members.set(static_cast<size_t>(c));
    return members;
  }

  /// Of a class; its `[` is behind us.
  Members members() {
    bool negated = skip("^");
    Members all;
    for (bool first = true; first || !next_is("]"); first = false) {
      if (next_is("\\")) {
        all |= escape();
        continue;
      }
      char from = take();
      if (rest_.size() > 1 && rest_.front() == '-' && rest_[1] != ']') {
        take();
        all |= range(from, take());
      } else {
        all.set(static_cast<unsigned char>(from));
      }
    }
    take();
    return negated ? ~all : all;
  }

  std::string one_of(Members members) {
    members.reset('\n');  // no record has one in it
    std::string all;
    for (size_t c = 0; c < members.size(); ++c) {
      if (members[c]) all += static_cast<char>(c);
    }
    if (all.empty()) return "\n";
    char c = all[below(all.size())];
    if (any_case_ && below(2) == 0) c = static_cast<char>(std::toupper(c));
    if (any_case_ && below(2) == 0) c = static_cast<char>(std::tolower(c));
    return {c};
  }

  std::string_view rest_;
  std::mt19937& random_;
  bool any_case_ = false;
};

}  // namespace

std::string sample(std::string_view pattern, std::mt19937& random) {
  return Sampler(pattern, random).run();
}

}  // namespace redactd::test
