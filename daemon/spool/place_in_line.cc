#include "daemon/spool/place_in_line.h"

#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace redactd {
namespace {

struct Lines {
  std::mutex mutex;
  std::map<std::string, std::deque<const PlaceInLine*>> of_directory;
};

/// Never destroyed: a spool's thread may outlive main().
Lines& lines() {
  static Lines* const all = new Lines;
  return *all;
}

}  // namespace

PlaceInLine::PlaceInLine(std::string directory) : directory_(std::move(directory)) {
  std::lock_guard lock(lines().mutex);
  lines().of_directory[directory_].push_back(this);
}

PlaceInLine::~PlaceInLine() {
  std::lock_guard lock(lines().mutex);
  auto line = lines().of_directory.find(directory_);
  std::erase(line->second, this);
  if (line->second.empty()) lines().of_directory.erase(line);
}

bool PlaceInLine::is_first() const {
  std::lock_guard lock(lines().mutex);
  return lines().of_directory.at(directory_).front() == this;
}

}  // namespace redactd
