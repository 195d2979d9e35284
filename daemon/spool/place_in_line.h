#pragma once

#include <string>

namespace redactd {

/// The sinks of this process that want one spool directory, in the order in which they were made:
/// after a reload the new sink waits for the one before it, and after the next reload the third
/// waits for both, so that no records are left over or overtaken. In line from the constructor to
/// the destructor. Thread-safe.
class PlaceInLine {
 public:
  explicit PlaceInLine(std::string directory);
  ~PlaceInLine();
  PlaceInLine(const PlaceInLine&) = delete;
  PlaceInLine& operator=(const PlaceInLine&) = delete;

  bool is_first() const;

 private:
  const std::string directory_;
};

}  // namespace redactd
