#include "daemon/sinks/files_in_use.h"

#include <sys/stat.h>

#include <mutex>
#include <set>

namespace redactd {
namespace {

struct InUse {
  std::mutex mutex;
  std::multiset<std::pair<dev_t, ino_t>> files;
};

/// Never destroyed: a sink whose write stands still outlives main().
InUse& in_use() {
  static auto* const all = new InUse;
  return *all;
}

}  // namespace

FileInUse::FileInUse(int descriptor) {
  struct stat is = {};
  fstat(descriptor, &is);
  file_ = {is.st_dev, is.st_ino};
  const std::lock_guard lock(in_use().mutex);
  alone_ = in_use().files.count(file_) == 0;
  in_use().files.insert(file_);
}

FileInUse::~FileInUse() {
  const std::lock_guard lock(in_use().mutex);
  in_use().files.erase(in_use().files.find(file_));
}

}  // namespace redactd
