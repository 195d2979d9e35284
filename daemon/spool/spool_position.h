#pragma once

// Up to which record everything is acknowledged. A hint: without it, or with an old one, records
// are sent again, none is lost. Two slots written in turn, each with its CRC: one is always whole.

#include <cstdint>
#include <memory>

#include "daemon/spool/spool_directory.h"

namespace redactd {

class SpoolPosition {
 public:
  static constexpr const char* kName = "position";

  /// Reads the file, if there is one. Throws std::system_error.
  explicit SpoolPosition(SpoolDirectory& directory, bool exists);

  uint64_t record() const { return record_; }
  /// Throws std::system_error; nothing has come of it then.
  void save(uint64_t record);

 private:
  SpoolDirectory& directory_;
  std::unique_ptr<SpoolFile> file_;
  uint64_t record_ = 0;
  unsigned slot_ = 0;  // to be written next
};

}  // namespace redactd
