#pragma once

#include <sys/types.h>

#include <utility>

namespace redactd {

/// A file that a sink of this process appends to, as long as this lives. Of one that another sink
/// has as well, as over a reload, nobody can tell by its last byte whether a crash tore its last
/// record: it may be on its way. Thread-safe.
class FileInUse {
 public:
  explicit FileInUse(int descriptor);
  ~FileInUse();
  FileInUse(const FileInUse&) = delete;
  FileInUse& operator=(const FileInUse&) = delete;

  /// Whether no other sink had it when this one began.
  bool alone() const { return alone_; }

 private:
  std::pair<dev_t, ino_t> file_;
  bool alone_;
};

}  // namespace redactd
