#pragma once

// The pseudo-terminal that the program gets, and the real one that the user sits at.

#include <termios.h>

#include <string>

namespace redactd {

/// The real terminal: where standard input comes from, if it is one. While it is held, keys go to
/// the program as they are typed; it is given back by the destructor and when this process ends by
/// a fault.
class RealTerminal {
 public:
  RealTerminal();
  ~RealTerminal() { give_back(); }
  RealTerminal(const RealTerminal&) = delete;

  bool exists() const { return exists_; }
  /// Whether standard output is this terminal too.
  bool shows_output() const { return shows_output_; }
  const termios& settings() const { return settings_; }
  bool held() const { return held_; }

  bool in_foreground() const;
  /// Only in the foreground: from the background it would stop the shell's line editing.
  void hold();
  void give_back();

 private:
  bool exists_ = false;
  bool shows_output_ = false;
  bool held_ = false;
  termios settings_ = {};
};

/// Whether descriptors `a` and `b` lead to the same file, pipe or terminal.
bool same_file(int a, int b);

/// The program's terminal. Closed on exec; the program opens it by its path.
class PseudoTerminal {
 public:
  /// With the settings and the size of the real one. Without one to show the output on, line feeds
  /// stay as they are. Throws std::system_error.
  explicit PseudoTerminal(const RealTerminal& real);
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;

  /// Our side of it: the program's output is read and keys are written there. Does not block.
  int descriptor() const { return ours_; }
  const std::string& path() const { return path_; }
  /// Once the program has it open, so that its end is seen.
  void close_program_side();
  /// The program's side has the size of the terminal that standard input, output or error is.
  void copy_size() const;

 private:
  int ours_ = -1;
  int theirs_ = -1;
  std::string path_;
};

}  // namespace redactd
