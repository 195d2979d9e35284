#pragma once

// Wakes whoever follows a file as soon as something changes (inotify). A help only: file systems
// over the network do not tell, so the file is looked at now and then as well.

#include <boost/asio/posix/stream_descriptor.hpp>

#include <string>

#include "daemon/pipeline/worker.h"

namespace redactd {

/// Belongs to the thread of its context.
class FileWatch {
 public:
  /// `path` of the file that is followed.
  FileWatch(asio::io_context& context, std::string path);

  /// The file that is read now; -1: none. The folder is looked up again, for it may be another.
  void look_at(int file);
  /// Until something has changed; false: cancelled, or the system has no watches left.
  Awaitable<bool> changed();
  void cancel();

 private:
  void watch(int& number, const std::string& path, unsigned events);

  const std::string path_;
  asio::posix::basic_stream_descriptor<IoExecutor> descriptor_;
  int folder_ = -1;
  int target_folder_ = -1;  // where a symbolic link leads
  int file_ = -1;
};

}  // namespace redactd
