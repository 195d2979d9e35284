#pragma once

// The log files that kubelet keeps for the containers of a node:
// `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/RESTART.log`, and what it has rotated beside them.

#include <optional>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// One container's log since one of its starts.
struct PodLog {
  std::string path;
  std::string name_space;
  std::string pod;
  std::string container;

  auto operator<=>(const PodLog&) const = default;
};

struct PodLogs {
  std::vector<PodLog> found;          // sorted by path
  std::vector<std::string> unlisted;  // folders that are there and could not be listed
  int error = 0;                      // errno of the last of these

  /// Whether the log at `path` may be there although it was not found.
  bool may_hide(const std::string& path) const;
};

/// Of `config` (a source of the type kubernetes), without the pod `own_pod`.
PodLogs find_pod_logs(const SourceConfig& config, const std::string& own_pod);

/// Namespace and pod of a folder's name; nothing when it is another one.
std::optional<PodLog> parse_pod_folder(const std::string& name);

bool is_selected(const PodLog& log, const SourceConfig& config);

}  // namespace redactd
