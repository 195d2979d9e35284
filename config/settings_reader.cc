#include "config/settings_reader.h"

#include "config/exposure.h"
#include "config/rules/mask_reader.h"
#include "config/whole_file.h"

namespace redactd {
namespace {

const Words kRulesKeys = {"files", "gitleaks", "enable", "disable"};
const Words kKnownKeys = {"files", "encodings"};
const Words kMaskKeyKeys = {"id", "file"};

void append(const YamlReader& item, const std::optional<std::string>& value,
            const std::string& list, std::vector<std::string>& values, Settings& settings) {
  if (!value) return;
  settings.places[list + "[" + std::to_string(values.size()) + "]"] = item.place();
  values.push_back(*value);
}

void read_words(const YamlReader& reader, std::vector<std::string>& words, Settings& settings) {
  words.clear();
  for (const YamlReader& item : reader.items()) {
    append(item, item.text(), reader.path(), words, settings);
  }
}

void read_paths(const YamlReader& reader, std::vector<std::string>& paths, Settings& settings) {
  paths.clear();
  for (const YamlReader& item : reader.items()) {
    append(item, item.file_path(), reader.path(), paths, settings);
  }
}

}  // namespace

const Words kSettingsKeys = {"rules", "allow", "known", "mask", "mask_key", "max_record"};
const Words kDaemonKeys = {"sources",     "sinks",         "known_values",    "admin",
                           "log",         "workers",       "self_check",      "sandbox",
                           "ready_grace", "drain_timeout", "reload_on_change"};

std::optional<ConfigUse> check_top_level(const YamlReader& document) {
  Words known = kSettingsKeys;
  known.insert(known.end(), kDaemonKeys.begin(), kDaemonKeys.end());
  if (!document.expect_map(known)) return std::nullopt;
  if (document.names("sources")) return ConfigUse::daemon;
  for (std::string_view key : kDaemonKeys) {
    if (document.names(key))
      document[key].fail(
          "belongs to the daemon, which needs sources; without sources the file is the filter's");
  }
  return ConfigUse::filter;
}

void read_settings(const YamlReader& document, Settings& settings) {
  if (YamlReader rules = document["rules"]; rules.present() && rules.expect_map(kRulesKeys)) {
    read_paths(rules["files"], settings.rule_paths, settings);
    read_paths(rules["gitleaks"], settings.gitleaks_files, settings);
    read_words(rules["enable"], settings.enable, settings);
    read_words(rules["disable"], settings.disable, settings);
  }
  settings.allow = read_allow(document["allow"]);
  if (YamlReader known = document["known"]; known.present() && known.expect_map(kKnownKeys)) {
    read_paths(known["files"], settings.known_files, settings);
    settings.known_encodings = known["encodings"].boolean().value_or(true);
  }
  if (YamlReader mask = document["mask"]; mask.present()) {
    if (std::optional<MaskSpec> spec = parse_mask(mask)) settings.mask = *spec;
  }
  if (YamlReader key = document["mask_key"]; key.present() && key.expect_map(kMaskKeyKeys)) {
    settings.mask_key_id = key["id"].text().value_or("");
    settings.mask_key_file = key["file"].file_path().value_or("");
    if (std::string why = exposure_of_key(settings.mask_key_file); !why.empty())
      key["file"].warn(why);
  }
  if (auto bytes = document["max_record"].bytes({kLeastMaxRecord, kGreatestMaxRecord}))
    settings.max_record = *bytes;
}

void keep_places(const YamlReader& document, Settings& settings) {
  settings.places.insert(document.places().begin(), document.places().end());
}

void add_settings_options(OptionTable& table) {
  table.keys["rules"] = kRulesKeys;
  table.keys["allow[]"] = kAllowKeys;
  table.keys["known"] = kKnownKeys;
  table.keys["mask"] = kMaskKeys;
  table.keys["mask_key"] = kMaskKeyKeys;
  table.words["mask.style"] = kMaskStyles;
}

ConfigUse load_settings(const std::string& path, Settings& settings, Diagnostics& diagnostics) {
  std::optional<std::string> text = read_whole_file(path, diagnostics);
  if (!text) return ConfigUse::filter;
  std::optional<YamlReader> document = YamlReader::parse(*text, path, diagnostics, &this_machine());
  if (!document || !document->present()) return ConfigUse::filter;  // an empty file sets nothing
  std::optional<ConfigUse> use = check_top_level(*document);
  if (!use) return ConfigUse::filter;
  read_settings(*document, settings);
  keep_places(*document, settings);
  return *use;
}

}  // namespace redactd
