#pragma once

// When files with known values are to be read again.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/known/path_watch.h"

namespace redactd {

/// Belongs to the control thread. Calls back when files have changed and have been left alone for
/// a moment, and now and then in any case, for what inotify does not tell of.
class FileRounds : public std::enable_shared_from_this<FileRounds> {
 public:
  using Warn = std::function<void(std::string_view source, std::string_view reason)>;

  /// `read` is called from watch() on, on the control thread, not after stop().
  FileRounds(boost::asio::io_context& control, std::function<void()> read, Warn warn);

  /// Files and folders, there or not; to be called before watch() as well.
  void set_paths(std::vector<std::string> paths);
  /// Where there is no inotify, that is a warning, and they are read every two seconds.
  void watch();
  /// Leaves no work on `control`.
  void stop();

 private:
  void follow();
  void changed();
  void poll();
  void round();

  boost::asio::io_context& control_;
  std::function<void()> read_;
  Warn warn_;
  std::vector<std::string> paths_;
  std::unique_ptr<PathWatch> inotify_;  // null before watch(), and where there is none
  boost::asio::steady_timer settle_;
  bool settling_ = false;
  std::chrono::steady_clock::time_point first_change_;  // since settling_
  boost::asio::steady_timer poll_;
  bool stopped_ = false;
};

}  // namespace redactd
