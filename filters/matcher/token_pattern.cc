#include "filters/matcher/token_pattern.h"

namespace redactd {
namespace {

constexpr size_t kMostAlternatives = 64;

using Sequences = std::vector<ClassSequence>;

class PatternReader {
 public:
  PatternReader(std::string_view pattern, const NumberOfClass& number_of)
      : text_(pattern), number_of_(number_of) {}

  /// Nothing: the pattern holds something else.
  std::optional<Sequences> read() {
    std::optional<Sequences> all = alternatives();
    return all && at_ == text_.size() ? all : std::nullopt;
  }

 private:
  std::optional<Sequences> alternatives() {
    Sequences all;
    while (true) {
      std::optional<Sequences> one = sequence();
      if (!one) return std::nullopt;
      all.insert(all.end(), one->begin(), one->end());
      if (all.size() > kMostAlternatives) return std::nullopt;
      if (at_ == text_.size() || text_[at_] != '|') return all;
      ++at_;
    }
  }

  std::optional<Sequences> sequence() {
    Sequences all = {{}};
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      std::optional<Sequences> part = atom();
      std::optional<size_t> times = part ? repeats() : std::nullopt;
      if (!times || *times > kWidestCore) return std::nullopt;
      for (size_t i = 0; i < *times; ++i) {
        if (!append(all, *part)) return std::nullopt;
      }
    }
    return all;
  }

  static bool append(Sequences& all, const Sequences& part) {
    if (all.size() * part.size() > kMostAlternatives) return false;
    Sequences joined;
    for (const ClassSequence& head : all) {
      for (const ClassSequence& tail : part) {
        joined.push_back(head);
        joined.back().insert(joined.back().end(), tail.begin(), tail.end());
      }
    }
    all = std::move(joined);
    return true;
  }

  std::optional<Sequences> atom() {
    char c = text_[at_];
    if (c == '(') return group();
    if (c == '[') return bracket();
    if (c == '\\') {
      if (at_ + 1 == text_.size() || is_alnum(text_[at_ + 1])) return std::nullopt;
      at_ += 2;
      return Sequences{{class_of(text_[at_ - 1])}};
    }
    if (std::string_view(".^$*+?{}").find(c) != std::string_view::npos) return std::nullopt;
    ++at_;
    return Sequences{{class_of(c)}};
  }

  std::optional<Sequences> group() {
    if (text_.substr(at_, 3) != "(?:") return std::nullopt;
    at_ += 3;
    std::optional<Sequences> inside = alternatives();
    if (!inside || at_ == text_.size()) return std::nullopt;
    ++at_;  // the closing parenthesis
    return inside;
  }

  std::optional<Sequences> bracket() {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != ']') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size() || text_[at_ + 1] == '^') return std::nullopt;
    std::optional<ByteClass> members = ByteClass::parse(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    if (!members || members->empty()) return std::nullopt;
    return Sequences{{number_of_(*members)}};
  }

  /// `{n}`, or one; nothing where the width would vary.
  std::optional<size_t> repeats() {
    if (at_ == text_.size()) return 1;
    if (std::string_view("*+?").find(text_[at_]) != std::string_view::npos) return std::nullopt;
    if (text_[at_] != '{') return 1;
    size_t times = 0;
    for (++at_; at_ < text_.size() && is_digit(text_[at_]) && times < 1000; ++at_)
      times = times * 10 + static_cast<size_t>(text_[at_] - '0');
    if (at_ == text_.size() || text_[at_] != '}') return std::nullopt;
    ++at_;
    return times;
  }

  std::string_view text_;
  const NumberOfClass& number_of_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<ClassSequence>> read_token_pattern(std::string_view pattern,
                                                             const NumberOfClass& number_of) {
  return PatternReader(pattern, number_of).read();
}

}  // namespace redactd
