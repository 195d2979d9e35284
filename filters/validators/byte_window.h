#pragma once

// What validators ask of a candidate, kept for candidates that overlap: where one token's beginning
// stands every few bytes of a run, each is a candidate that ends with the run. A window over them
// moves on and counts what comes in and what goes out, instead of all of it again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "filters/validators/randomness.h"

namespace redactd {

/// A window over one text, which is always the same. What it tells depends on where it stands only,
/// not on where it stood before. `Counts` counts what comes in and what goes out.
template <typename Counts>
class MovingWindow {
 public:
  /// Moves to [begin, end) of the text, of which the first kMostValidated bytes are looked at.
  /// Returns how many bytes it looked at for that.
  size_t move_to(std::string_view text, size_t begin, size_t end);

 protected:
  size_t begin_ = 0;
  size_t end_ = 0;
};

/// How often each byte stands there.
class ByteCounts : public MovingWindow<ByteCounts> {
 public:
  /// As the validators' function of this name.
  double entropy() const;

 private:
  friend MovingWindow;
  void clear();
  void push_front(std::string_view text) { count(text[--begin_]); }
  void push_back(std::string_view text, size_t end) {
    while (end_ < end) count(text[end_++]);
  }
  void pop_front(std::string_view text) { uncount(text[begin_++]); }
  void pop_back(std::string_view text) { uncount(text[--end_]); }
  void count(char c);
  void uncount(char c);

  std::array<uint16_t, 256> counts_{};
  int64_t sum_ = 0;  // of n · log2(n) for each count, as a fixed-point number
};

/// How often letters and digits take turns.
class CaseChanges : public MovingWindow<CaseChanges> {
 public:
  /// As the validators' functions of these names.
  bool is_mixed() const;
  bool is_scrambled() const;
  bool changes_case_often() const;

 private:
  friend MovingWindow;
  void clear();
  void push_front(std::string_view text);
  void pop_front(std::string_view text);
  void push_back(std::string_view text, size_t end);
  void pop_back(std::string_view text);
  bool holds_any() const { return digits_ + letters_ > 0; }
  void count(uint8_t kind) {
    digits_ += kind == kDigit;
    letters_ += kind == kLower || kind == kUpper;
  }
  void uncount(uint8_t kind) {
    digits_ -= kind == kDigit;
    letters_ -= kind == kLower || kind == kUpper;
  }

  size_t digits_ = 0;
  size_t letters_ = 0;
  size_t case_changes_ = 0;
  size_t changes_ = 0;  // between letters and digits, passing over others
  size_t first_ = 0;    // of the letters and digits
  size_t last_ = 0;
};

/// Headers of JSON Web Tokens in one text that overlap: each digit is decoded once a phase.
class JwtHeaders {
 public:
  /// As is_jwt() of [begin, end) of the text. `work`: how many bytes were looked at is added.
  bool is_jwt(std::string_view text, size_t begin, size_t end, size_t& work);

 private:
  /// Digits of one phase in which no member of a header begins.
  struct Plain {
    size_t begin = 1;
    size_t end = 0;  // less than begin: none
  };
  std::array<Plain, 4> plain_;
};

/// One candidate after another in one text, most of which overlap.
class OverlappingCandidates {
 public:
  /// The candidate that the others tell of.
  void move_to(std::string_view text, size_t begin, size_t end) {
    text_ = text;
    begin_ = begin;
    end_ = end;
  }
  /// Bytes that were looked at since it was asked last.
  size_t work() { return std::exchange(work_, 0); }

  double entropy() { return moved(counts_).entropy(); }
  bool is_mixed() { return moved(changes_).is_mixed(); }
  bool is_scrambled() { return moved(changes_).is_scrambled(); }
  bool changes_case_often() { return moved(changes_).changes_case_often(); }
  bool is_jwt() { return headers_.is_jwt(text_, begin_, end_, work_); }

 private:
  template <typename Window>
  const Window& moved(Window& window) {
    work_ += window.move_to(text_, begin_, end_);
    return window;
  }

  std::string_view text_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t work_ = 0;
  ByteCounts counts_;
  CaseChanges changes_;
  JwtHeaders headers_;
};

}  // namespace redactd
