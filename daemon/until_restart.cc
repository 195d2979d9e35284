#include "daemon/until_restart.h"

#include <algorithm>

namespace redactd {
namespace {

template <typename Config>
const Config* find(const std::vector<Config>& configs, const std::string& name) {
  auto found = std::find_if(configs.begin(), configs.end(),
                            [&](const Config& config) { return config.name == name; });
  return found == configs.end() ? nullptr : &*found;
}

std::vector<std::string> sinks_of(const SourceConfig& source, const DaemonConfig& config) {
  std::vector<std::string> names;
  for (const SinkConfig& sink : config.sinks)
    if (writes_to(source, sink.name)) names.push_back(sink.name);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

}  // namespace

bool writes_to(const SourceConfig& source, const std::string& sink) {
  return source.sinks.empty() ||
         std::find(source.sinks.begin(), source.sinks.end(), sink) != source.sinks.end();
}

std::vector<SourceConfig> running_sources(const DaemonConfig& now, const DaemonConfig& next,
                                          std::vector<std::string>& errors) {
  std::vector<SourceConfig> running = now.sources;
  for (SourceConfig& source : running) {
    if (const SourceConfig* wanted = find(next.sources, source.name)) {
      source.sinks = wanted->sinks;
      source.tls = wanted->tls;
      continue;
    }
    const std::vector<std::string> had = sinks_of(source, now);
    source.sinks = had;
    std::erase_if(source.sinks, [&](const std::string& sink) { return !find(next.sinks, sink); });
    if (source.sinks.empty()) {
      errors.push_back("source '" + source.name +
                       "' goes on until a restart, and none of its sinks is left: " + joined(had) +
                       "; keep one of them until then, or restart redactd");
    }
  }
  return running;
}

}  // namespace redactd
