#pragma once

#include <array>
#include <cstddef>

namespace redactd {

/// What is typed at the real terminal, on its way to the program's: passwords as well, so nothing
/// of it stays. Never blocks: a program that does not read makes it wait.
class Keyboard {
 public:
  explicit Keyboard(int program) : program_(program) {}
  ~Keyboard() { forget(); }
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  /// Whether to read more; else write() has to come first.
  bool wants_input() const { return !ended_ && !wants_output(); }
  bool wants_output() const { return begin_ < end_; }

  /// Standard input is readable, and there is nothing to write.
  void read();
  /// The program's terminal is writable.
  void write();

 private:
  void forget();

  const int program_;
  std::array<char, 4096> keys_{};
  size_t begin_ = 0;  // of those that are not written yet
  size_t end_ = 0;
  bool ended_ = false;
};

}  // namespace redactd
