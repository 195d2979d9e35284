#pragma once

#include <cstddef>
#include <map>
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

/// Where a value stands in the configuration, for errors that show only later.
struct Place {
  Location location;
  std::string path;     // sinks[1].path
  std::string written;  // the text with its `${…}`; empty when there is none in it

  /// `value`, or when `${…}` has put something into it, the text as it is written: for errors.
  const std::string& shown(const std::string& value) const {
    return written.empty() ? value : written;
  }
};
/// By path. Errors that show later find their place here.
using Places = std::map<std::string, Place>;

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
  void add(const Place& place, std::string message) {
    add(place.location, place.path, std::move(message));
  }
  /// `file` is a file or folder that the configuration names at `place`. From now on its errors are
  /// shown as of there, and those inside it without what `${…}` has put into its path.
  void name(const std::string& file, Place place);
  /// `file` as errors show it.
  std::string shown(const std::string& file) const;
  bool empty() const { return all_.empty(); }  // of errors
  const std::vector<Diagnostic>& all() const { return all_; }
  const std::vector<Diagnostic>& warnings() const { return warnings_; }
  /// One error a line: file by file as they were read, each from top to bottom.
  std::string text() const;

 private:
  Diagnostic placed(Location location, std::string path, std::string message) const;

  Places named_;  // by file
  std::vector<Diagnostic> all_;
  std::vector<Diagnostic> warnings_;
};

/// Prints warnings and errors to standard error, and how many errors they are.
void report(const Diagnostics& diagnostics);

/// `, did you mean 'pattern'?` when one of `known` is close to `word`; else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace redactd
