#pragma once

#include <string>

namespace redactd {

/// What is typed at the real terminal, on its way to the program's. Never blocks: a program that
/// does not read makes it wait.
class Keyboard {
 public:
  explicit Keyboard(int program) : program_(program) {}

  /// Whether to read more; else write() has to come first.
  bool wants_input() const { return !ended_ && held_.empty(); }
  bool wants_output() const { return !held_.empty(); }

  /// Standard input is readable.
  void read();
  /// The program's terminal is writable.
  void write();

 private:
  int program_;
  std::string held_;
  bool ended_ = false;
};

}  // namespace redactd
