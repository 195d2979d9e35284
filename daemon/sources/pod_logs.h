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

/// Of `config` (a source of the type kubernetes), without the pod `own_pod`; sorted by path.
/// Folders that cannot be read have none.
std::vector<PodLog> find_pod_logs(const SourceConfig& config, const std::string& own_pod);

/// Namespace and pod of a folder's name; nothing when it is another one.
std::optional<PodLog> parse_pod_folder(const std::string& name);

bool is_selected(const PodLog& log, const SourceConfig& config);

}  // namespace redactd
