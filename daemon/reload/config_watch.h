#pragma once

// Tells when the configuration has to be read again because a file of it has changed.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/known/path_watch.h"

namespace redactd {

/// Every file that a reload reads: the configuration at `path`, those of `${file:…}`, packs, lists
/// of known values, keys and certificates. KnownValues looks after the files of `known_values`
/// itself.
std::vector<std::string> files_of(const std::string& path, const DaemonConfig& config);

/// Of one thread.
class ConfigWatch {
 public:
  /// `changed` is called once files have been quiet for a moment after a change: whoever replaces
  /// several does not do so at once.
  ConfigWatch(boost::asio::io_context& context, std::function<void()> changed);

  /// These files from now on; none: no longer. To be called again after each change. Empty, or why
  /// not all of them can be watched.
  std::string watch(std::vector<std::string> files);

 private:
  void file_changed();

  boost::asio::io_context& context_;
  boost::asio::steady_timer settle_;
  std::function<void()> changed_;
  std::vector<std::string> files_;
  std::unique_ptr<PathWatch> watch_;  // null while nothing is watched
};

}  // namespace redactd
