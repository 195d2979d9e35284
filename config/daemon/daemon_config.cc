#include "config/daemon/daemon_config.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "config/daemon/admin_config.h"
#include "config/daemon/cross_checks.h"
#include "config/daemon/known_config.h"
#include "config/daemon/sink_config.h"
#include "config/daemon/source_config.h"
#include "config/exposure.h"
#include "config/settings_reader.h"
#include "config/whole_file.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

using namespace std::chrono_literals;

constexpr size_t kMostWorkers = 1024;
constexpr size_t kLongestName = 64;

const Words kLogKeys = {"level", "format"};
const Words kLevels = {"trace", "debug", "info", "warning", "error"};
const Words kFormats = {"text", "json", "journald"};

void read_log(const YamlReader& reader, LogConfig& log) {
  if (!reader.present() || !reader.expect_map(kLogKeys)) return;
  take(reader["level"].one_of(kLevels), log.level);
  take(reader["format"].one_of(kFormats), log.format);
}

/// The entries of a list that may not be empty.
std::vector<YamlReader> entries(const YamlReader& document, std::string_view key,
                                const std::string& what) {
  YamlReader list = document[key];
  if (!list.present() || (list.is_list() && list.items().empty())) {
    document.fail_missing(key, what);
    return {};
  }
  if (list.is_list()) return list.items();
  list.fail("must be a list of maps");
  return {};
}

ConfigPlaces read_ends(const YamlReader& document, DaemonConfig& config) {
  ConfigPlaces places;
  for (const YamlReader& item : entries(document, "sources", "a list of where records come from")) {
    config.sources.push_back(read_source(item));
    places.sources.push_back(item);
  }
  for (const YamlReader& item : entries(document, "sinks", "a list of where records go")) {
    config.sinks.push_back(read_sink(item));
    places.sinks.push_back(item);
  }
  return places;
}

}  // namespace

std::string read_name(const YamlReader& map) {
  std::optional<std::string> name = map["name"].text();
  if (!map.has("name"))
    map.fail_missing("name", "letters, digits, '-', '_' and '.'; it stands in metrics");
  if (!name) return {};
  bool fit = !name->empty() && name->size() <= kLongestName && is_alnum(name->front()) &&
             std::all_of(name->begin(), name->end(),
                         [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
  if (!fit)
    map["name"].fail("must be 1 to 64 letters, digits, '-', '_' and '.', a letter or digit first");
  return *name;
}

DaemonConfig parse_daemon_config(const std::string& text, const std::string& path,
                                 const Surroundings& surroundings, Diagnostics& diagnostics) {
  DaemonConfig config;
  std::optional<YamlReader> document = YamlReader::parse(text, path, diagnostics, &surroundings);
  if (!document) return config;
  std::optional<ConfigUse> use = ConfigUse::filter;  // an empty file sets nothing
  if (document->present()) use = check_top_level(*document);
  if (!use) return config;
  if (*use == ConfigUse::filter) {
    document->fail_missing("sources", "a list of where records come from");
    return config;
  }
  read_settings(*document, config.settings);
  ConfigPlaces places = read_ends(*document, config);
  config.known_values = read_known_values((*document)["known_values"]);
  config.settings.known_at_run_time = config.known_values.any();
  config.admin = read_admin((*document)["admin"]);
  read_log((*document)["log"], config.log);
  take((*document)["self_check"].boolean(), config.self_check);
  take((*document)["sandbox"].boolean(), config.sandbox);
  take((*document)["workers"].count({1, kMostWorkers, true}), config.workers);
  take((*document)["drain_timeout"].duration({100ms, 1h, true}), config.drain_timeout);
  take((*document)["ready_grace"].duration({100ms, 24h, true}), config.ready_grace);
  take((*document)["reload_on_change"].boolean(), config.reload_on_change);
  cross_check(config, places, *document);
  keep_places(*document, config.settings);
  return config;
}

DaemonConfig load_daemon_config(const std::string& path, Diagnostics& diagnostics) {
  std::error_code error;
  if (std::filesystem::is_fifo(path, error)) {
    diagnostics.add({path, 0, 0}, "",
                    "is a pipe; a daemon reads its configuration more than once: name a file");
    return {};
  }
  std::optional<std::string> text = read_whole_file(path, diagnostics);
  if (!text) return {};
  if (std::string why = exposure_of_config(path); !why.empty())
    diagnostics.warn({path, 0, 0}, "", why);
  DaemonConfig config = parse_daemon_config(*text, path, this_machine(), diagnostics);
  if (!diagnostics.empty()) build_rule_set(config.settings, diagnostics);
  return config;
}

OptionTable option_table() {
  OptionTable table;
  table.keys[""] = kSettingsKeys;
  table.keys[""].insert(table.keys[""].end(), kDaemonKeys.begin(), kDaemonKeys.end());
  add_settings_options(table);
  add_source_options(table);
  add_sink_options(table);
  add_known_options(table);
  add_admin_options(table);
  table.keys["log"] = kLogKeys;
  table.words["log.level"] = kLevels;
  table.words["log.format"] = kFormats;
  return table;
}

}  // namespace redactd
