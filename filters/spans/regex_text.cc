#include "filters/spans/regex_text.h"

#include <algorithm>
#include <string_view>

#include "filters/byte_options.h"

namespace redactd {
namespace {

constexpr size_t kNone = std::string_view::npos;

/// Goes through an expression once and copies it, but for what has to be spelt in another way.
class Rewriting {
 public:
  Rewriting(std::string_view expression, std::string_view record_end)
      : text_(expression), record_end_(record_end) {}

  std::string done() {
    while (at_ < text_.size()) step();
    return "(?m:" + out_ + ")";
  }

 private:
  void step() {
    switch (text_[at_]) {
      case '\\':
        return escape();
      case '[':
        return bracket();
      case '(':
        return group();
      case '$':
        out_ += record_end_;
        ++at_;
        return;
      default:
        copy(1);
    }
  }

  void copy(size_t size) {
    size = std::min(size, text_.size() - at_);
    out_ += text_.substr(at_, size);
    at_ += size;
  }

  void escape() {
    char what = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
    if (what == 'Q') {
      size_t end = text_.find("\\E", at_);
      return copy(end == kNone ? text_.size() : end + 2 - at_);
    }
    if (what != 'A' && what != 'z') return copy(2);
    out_ += what == 'A' ? "^" : record_end_;
    at_ += 2;
  }

  void bracket() {
    copy(1);
    if (at_ < text_.size() && text_[at_] == '^') copy(1);
    if (at_ < text_.size() && text_[at_] == ']') copy(1);  // a member
    while (at_ < text_.size() && text_[at_] != ']') {
      if (text_[at_] == '\\') {
        copy(2);
      } else if (size_t end = text_.find(":]", at_);
                 text_.substr(at_).starts_with("[:") && end != kNone) {
        copy(end + 2 - at_);
      } else {
        copy(1);
      }
    }
    copy(1);
  }

  void group() {
    if (!text_.substr(at_).starts_with("(?")) return copy(1);
    if (text_.substr(at_).starts_with("(?<")) {
      out_ += "(?P<";
      at_ += 3;
      return;
    }
    copy(2);
    bool off = false;
    for (; at_ < text_.size() && text_[at_] != ':' && text_[at_] != ')' && text_[at_] != '<';
         ++at_) {
      off = off || text_[at_] == '-';
      if (!off || text_[at_] != 'm') out_ += text_[at_];  // (?-m) would move ^ and $
    }
    if (out_.ends_with('-')) out_.pop_back();
  }

  std::string_view text_;
  std::string_view record_end_;
  size_t at_ = 0;
  std::string out_;
};

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

}  // namespace

std::string record_expression(const std::string& expression) {
  return byte_expression(Rewriting(expression, "$").done());
}

std::optional<std::string> stream_expression(const std::string& expression) {
  // Bytes that are no ASCII fold case in RE2's Latin-1 but not in the matcher; \C, \Q and \p are
  // spelt or read in another way.
  if (!is_ascii(expression)) return std::nullopt;
  for (std::string_view foreign : {"\\C", "\\Q", "\\p", "\\P", "(?U"}) {
    if (expression.find(foreign) != std::string::npos) return std::nullopt;
  }
  return Rewriting(expression, "(?:\\r?$)").done();
}

}  // namespace redactd
