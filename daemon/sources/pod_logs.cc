#include "daemon/sources/pod_logs.h"

#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "filters/byte_class.h"

namespace redactd {
namespace {

namespace fs = std::filesystem;

/// Names of what is in a folder.
std::vector<std::string> names_in(const fs::path& folder, PodLogs& logs) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error && error.value() != ENOENT && error.value() != ENOTDIR) {
    logs.unlisted.push_back((folder / "").string());
    logs.error = error.value();
  }
  return names;
}

bool any_fits(const std::vector<std::string>& patterns, const std::string& name) {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&name](const std::string& pattern) {
           return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
         });
}

bool describes(const PodSelection& selection, const PodLog& log) {
  return any_fits(selection.namespaces, log.name_space) && any_fits(selection.pods, log.pod) &&
         any_fits(selection.containers, log.container);
}

/// `0.log`: rotated ones have more behind it, and the follower finds them.
bool is_current_log(const std::string& name) {
  constexpr std::string_view kEnd = ".log";
  if (name.size() <= kEnd.size() || !name.ends_with(kEnd)) return false;
  return std::all_of(name.begin(), name.end() - kEnd.size(), is_digit);
}

}  // namespace

std::optional<PodLog> parse_pod_folder(const std::string& name) {
  // None of the three parts can hold an underscore: they are DNS names, and a UID.
  size_t first = name.find('_');
  size_t last = name.rfind('_');
  if (first == std::string::npos || first == 0 || last <= first + 1 || last + 1 == name.size())
    return std::nullopt;
  PodLog log;
  log.name_space = name.substr(0, first);
  log.pod = name.substr(first + 1, last - first - 1);
  return log;
}

bool is_selected(const PodLog& log, const SourceConfig& config) {
  return describes(config.include, log) &&
         std::none_of(config.exclude.begin(), config.exclude.end(),
                      [&log](const PodSelection& selection) { return describes(selection, log); });
}

bool PodLogs::may_hide(const std::string& path) const {
  return std::any_of(unlisted.begin(), unlisted.end(),
                     [&path](const std::string& folder) { return path.starts_with(folder); });
}

PodLogs find_pod_logs(const SourceConfig& config, const std::string& own_pod) {
  PodLogs logs;
  const fs::path root(config.path);
  for (const std::string& folder : names_in(root, logs)) {
    std::optional<PodLog> log = parse_pod_folder(folder);
    if (!log || log->pod == own_pod) continue;
    for (const std::string& container : names_in(root / folder, logs)) {
      log->container = container;
      if (!is_selected(*log, config)) continue;
      for (const std::string& file : names_in(root / folder / container, logs)) {
        if (!is_current_log(file)) continue;
        log->path = (root / folder / container / file).string();
        logs.found.push_back(*log);
      }
    }
  }
  std::sort(logs.found.begin(), logs.found.end());
  return logs;
}

}  // namespace redactd
