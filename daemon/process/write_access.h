#pragma once

// Which folders the daemon may write to (Landlock, Linux 5.13 and later). What is read is not
// limited: certificates, names and logs lie behind links that lead anywhere.

#include <filesystem>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// A path that a configuration has redactd write to.
struct WrittenPath {
  std::string option;  // sinks[1].path
  std::string path;
  bool folder = false;  // all of what is in it; else the file, its folder for what takes its place
};

std::vector<WrittenPath> written_paths(const DaemonConfig& config);

class WriteAccess {
 public:
  /// Access to what `config` writes: the folders, or where they do not exist yet, the nearest
  /// folder above.
  explicit WriteAccess(const DaemonConfig& config);

  /// This thread, and those that it starts from then on, write nowhere else and execute nothing,
  /// for good. What is open already stays so. NO_NEW_PRIVS must be set. Returns why the kernel will
  /// not, or nothing.
  std::string confine() const;

  /// The first path that `next` writes to and that is out of reach; null when there is none.
  const WrittenPath* out_of_reach(const std::vector<WrittenPath>& next) const;

  const std::vector<std::filesystem::path>& folders() const { return folders_; }

 private:
  std::vector<std::filesystem::path> folders_;
  std::vector<std::filesystem::path> devices_;  // what a sink writes to and no file can replace
};

}  // namespace redactd
