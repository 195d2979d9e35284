#include "daemon/reload/until_restart.h"

#include <algorithm>
#include <utility>

#include "config/config_error.h"
#include "config/daemon/loop.h"

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

SourceConfig still_wanted(SourceConfig source, const SourceConfig& wanted) {
  source.sinks = wanted.sinks;
  if (source.listen.transport == wanted.listen.transport) source.tls = wanted.tls;
  return source;
}

SourceConfig gone(SourceConfig source, const DaemonConfig& now, const DaemonConfig& next,
                  std::vector<std::string>& errors) {
  const std::vector<std::string> had = sinks_of(source, now);
  source.sinks = had;
  std::erase_if(source.sinks, [&](const std::string& sink) { return !find(next.sinks, sink); });
  if (source.sinks.empty()) {
    errors.push_back("source '" + source.name +
                     "' goes on until a restart, and none of its sinks is left: " + joined(had) +
                     "; keep one of them until then, or restart redactd");
  }
  return source;
}

/// At the sink, of which it shows nothing that was put in.
std::string loop_error(const SourceConfig& source, const DaemonConfig& config, size_t number) {
  const SinkConfig& sink = config.sinks[number];
  const std::string entry = "sinks[" + std::to_string(number) + "].";
  auto endpoint = std::find_if(sink.endpoints.begin(), sink.endpoints.end(),
                               [&](const Address& address) { return leads_back(address, source); });
  const std::string which = std::to_string(endpoint - sink.endpoints.begin());
  return config_error(
      config.settings,
      {{entry + "path", sink.path},
       {entry + "endpoints[" + which + "]", ""},
       {entry + "name", sink.name}},
      "sink '" + sink.name + "' leads back to source '" + source.name +
          "', which goes on until a restart: records would go round for ever; leave it out until "
          "then, or restart redactd");
}

bool same_but_for_a_reload(SourceConfig running, const SourceConfig& wanted) {
  running.sinks = wanted.sinks;
  running.tls = wanted.tls;
  return running == wanted;
}

bool same_endpoint(const AdminConfig& a, const AdminConfig& b) {
  return a.on == b.on && a.listen == b.listen;
}

}  // namespace

bool writes_to(const SourceConfig& source, const std::string& sink) {
  return source.sinks.empty() ||
         std::find(source.sinks.begin(), source.sinks.end(), sink) != source.sinks.end();
}

std::vector<std::string> keep_until_restart(const DaemonConfig& now, DaemonConfig& next) {
  std::vector<std::string> errors;
  std::vector<SourceConfig> running;
  for (const SourceConfig& source : now.sources) {
    const SourceConfig* wanted = find(next.sources, source.name);
    running.push_back(wanted ? still_wanted(source, *wanted) : gone(source, now, next, errors));
  }
  next.sources = std::move(running);
  next.workers = now.workers;
  next.sandbox = now.sandbox;
  // The token is for that address: one that is for this host alone may need none.
  if (!same_endpoint(now.admin, next.admin)) next.admin = now.admin;
  return errors;
}

std::vector<std::string> loops_until_restart(const DaemonConfig& config) {
  std::vector<std::string> errors;
  for (const SourceConfig& source : config.sources) {
    for (size_t i = 0; i < config.sinks.size(); ++i) {
      if (leads_back(config.sinks[i], source)) errors.push_back(loop_error(source, config, i));
    }
  }
  return errors;
}

std::vector<std::string> changes_until_restart(const DaemonConfig& now, const DaemonConfig& next) {
  std::vector<std::string> changes;
  auto note = [&changes](bool changed, const std::string& what) {
    if (changed) changes.push_back(what + ": that takes a restart");
  };
  for (const SourceConfig& source : next.sources) {
    const SourceConfig* running = find(now.sources, source.name);
    note(!running, "source '" + source.name + "' is new");
    note(running && !same_but_for_a_reload(*running, source),
         "source '" + source.name + "' has changed");
  }
  for (const SourceConfig& source : now.sources)
    note(!find(next.sources, source.name), "source '" + source.name + "' is gone");
  note(next.sandbox != now.sandbox, "sandbox has changed");
  note(next.workers != now.workers, "workers has changed");
  note(next.admin.on != now.admin.on, "admin.enabled has changed");
  note(next.admin.on && now.admin.on && !same_endpoint(now.admin, next.admin),
       "admin.listen has changed");
  return changes;
}

}  // namespace redactd
