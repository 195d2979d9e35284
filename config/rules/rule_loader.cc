#include "config/rules/rule_loader.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "config/rules/rule_parser.h"
#include "config/whole_file.h"
#include "config/yaml_reader.h"

namespace redactd {

namespace {

namespace fs = std::filesystem;

/// `paths`, with the files of a folder in its place.
std::vector<std::string> pack_files(const std::vector<std::string>& paths,
                                    Diagnostics& diagnostics) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
      std::string extension = entry.path().extension().string();
      if (extension == ".yaml" || extension == ".yml") found.push_back(entry.path().string());
    }
    if (found.empty()) diagnostics.add({path, 0, 0}, "", "is a folder without .yaml files in it");
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace

Location LoadedRule::place_of(std::string_view key) const {
  if (auto found = keys.find(key); found != keys.end()) return found->second;
  if (auto found = keys.find(key.substr(0, key.find('['))); found != keys.end())
    return found->second;
  return location;
}

std::vector<LoadedRule> parse_rules(const std::string& text, const std::string& file,
                                    const FileReader& read_file, Diagnostics& diagnostics) {
  std::vector<LoadedRule> rules;
  std::optional<YamlReader> document = YamlReader::parse(text, file, diagnostics);
  if (!document || !document->expect_map({"rules"})) return rules;
  YamlReader list = (*document)["rules"];
  if (!list.is_list()) {
    list.fail("must be a list of rules");
    return rules;
  }
  const PackFolder folder{fs::path(file).parent_path(),
                          fs::path(diagnostics.shown(file)).parent_path()};
  std::set<std::string> ids;
  for (const YamlReader& item : list.items()) {
    size_t errors_before = diagnostics.all().size();
    std::optional<LoadedRule> rule = parse_rule(item, folder, read_file);
    if (!rule) continue;
    rule->sound = diagnostics.all().size() == errors_before;
    if (!rule->rule.id.empty() && !ids.insert(rule->rule.id).second) {
      diagnostics.add(rule->place_of("id"), rule->path + ".id",
                      "'" + rule->rule.id + "' is the id of an earlier rule");
    }
    rules.push_back(std::move(*rule));
  }
  return rules;
}

std::vector<LoadedRule> load_rules(const std::vector<std::string>& paths,
                                   Diagnostics& diagnostics) {
  FileReader read_file = [](const std::string& name) {
    Diagnostics ignored;  // the rule that names the file reports it
    return read_whole_file(name, ignored);
  };
  std::vector<LoadedRule> rules;
  std::map<std::string, Location> ids;
  for (const std::string& file : pack_files(paths, diagnostics)) {
    std::optional<std::string> text = read_whole_file(file, diagnostics);
    if (!text) continue;
    for (LoadedRule& rule : parse_rules(*text, file, read_file, diagnostics)) {
      auto [earlier, fresh] = ids.emplace(rule.rule.id, rule.location);
      if (!fresh && earlier->second.file != file) {
        diagnostics.add(rule.place_of("id"), rule.path + ".id",
                        "'" + rule.rule.id + "' is the id of a rule in " +
                            diagnostics.shown(earlier->second.file));
      }
      rules.push_back(std::move(rule));
    }
  }
  return rules;
}

}  // namespace redactd
