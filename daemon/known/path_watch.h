#pragma once

// Tells when something changes where files are, whether they are there yet or not. inotify(7).

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace redactd {

/// Of one thread. Watches each path and every folder and symbolic link on the way to it, so that it
/// notices when a path appears, is replaced or is swapped by renaming a link above it
/// (Kubernetes' `..data`).
class PathWatch {
 public:
  /// When a file counts as changed that is written in place: when it is closed, for what it holds
  /// before may be half of it; or at every write, for whoever waits by himself until that is over.
  enum class Writes { when_closed, at_once };

  /// Throws std::system_error when there is no inotify to be had.
  PathWatch(boost::asio::io_context& context, std::function<void()> changed,
            Writes writes = Writes::when_closed);

  /// These paths from now on; to be called again after each change, for other folders may lie on
  /// the way then. False: some could not be watched (the limit of watches).
  bool watch(const std::vector<std::string>& paths);

 private:
  struct Interest {
    bool everything = false;      // a folder of secrets
    std::set<std::string> names;  // a folder on the way
  };
  using Interests = std::map<int, Interest>;

  void follow(const std::string& path, int links, int depth, bool to_the_end);
  void follow_folder(const std::string& folder, int links, int depth);
  void follow_file(const std::string& file);
  int add(const std::string& path, uint32_t events);
  void wait();
  bool read_events();

  boost::asio::posix::stream_descriptor inotify_;
  std::function<void()> changed_;
  const Writes writes_;
  Interests interests_;
  bool complete_ = true;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace redactd
