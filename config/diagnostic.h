#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace redactd {

/// A place in a file; line and column count from 1, 0 means unknown.
struct Location {
  std::string file;
  size_t line = 0;
  size_t column = 0;

  bool operator==(const Location&) const = default;
};

/// What is wrong, where, and what is allowed: `file:line:col: rules[3].pattern: message`. Never
/// holds a secret value.
struct Diagnostic {
  Location location;
  std::string path;
  std::string message;

  bool operator==(const Diagnostic&) const = default;
  std::string text() const;
};

/// Collects every error of a load; the loader goes on after each.
class Diagnostics {
 public:
  void add(Location location, std::string path, std::string message);
  /// Not if it is there already: for values that are read twice.
  void add_once(Location location, std::string path, std::string message);
  /// What should be known, but keeps nothing from starting.
  void warn(Location location, std::string path, std::string message);
  bool empty() const { return all_.empty(); }  // of errors
  const std::vector<Diagnostic>& all() const { return all_; }
  const std::vector<Diagnostic>& warnings() const { return warnings_; }
  /// One error a line: file by file as they were read, each from top to bottom.
  std::string text() const;

 private:
  std::vector<Diagnostic> all_;
  std::vector<Diagnostic> warnings_;
};

/// Prints warnings and errors to standard error, and how many errors they are.
void report(const Diagnostics& diagnostics);

/// `, did you mean 'pattern'?` when one of `known` is close to `word`; else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace redactd
