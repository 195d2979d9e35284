// What `${…}` has put into a configuration is shown by no error and no warning (law L8).

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "config/yaml_reader.h"
#include "tests/testing/config.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

const std::string kFile = "/etc/redactd/redactd.yaml";

/// Each is wrong, or right, for other options.
const std::vector<std::string> kCanaries = {
    "^k9(Qw[7zz",     "k9Qw7zz",           "k9-Qw.7zz(",           "/k9/Qw7zz",
    "unix:///k9/7zz", "tcp://k9Qw7zz:514", "tls://k9:7zz",         "tcp://127.0.0.1:7zz",
    "*.k9.Qw7zz",     "sysl0g-k9-7zz",     "rule:k9Qw7zz:3f9a2c41"};

bool shows_canary(const std::string& text) {
  return text.find("7zz") != std::string::npos || text.find("k9") != std::string::npos;
}

Surroundings machine_with(const std::string& canary) {
  Surroundings machine = no_surroundings();  // certificates would take long
  machine.environment = [canary](const std::string& name) {
    return name == "CANARY" ? std::optional(canary) : std::nullopt;
  };
  return machine;
}

std::string text_of(const Diagnostics& diagnostics) {
  std::string told = diagnostics.text();
  for (const Diagnostic& warning : diagnostics.warnings()) told += warning.text() + '\n';
  return told;
}

/// All errors and warnings of the file.
std::string told_about(const std::string& yaml, const std::string& canary) {
  Surroundings machine = machine_with(canary);
  Diagnostics diagnostics;
  parse_daemon_config(yaml, kFile, machine, diagnostics);
  return text_of(diagnostics);
}

/// Those of the rules too.
std::string told_about_all(const std::string& yaml, const std::string& canary) {
  Surroundings machine = machine_with(canary);
  Diagnostics diagnostics;
  DaemonConfig config = parse_daemon_config(yaml, kFile, machine, diagnostics);
  build_rule_set(config.settings, diagnostics);
  return text_of(diagnostics);
}

/// Calls `visit` with each scalar and each empty list below `node`, and its path: sources.name.
void each_value(const YAML::Node& node, const std::string& path,
                const std::function<void(const YAML::Node&, const std::string&)>& visit) {
  bool empty_list = node.IsSequence() && node.size() == 0;
  if (node.IsScalar() || empty_list) return visit(node, path);
  if (node.IsSequence())
    for (auto item : node) each_value(item, path, visit);
  if (node.IsMap())
    for (auto entry : node) each_value(entry.second, path + '.' + entry.first.Scalar(), visit);
}

void put_canary_in(YAML::Node value) { value = "${CANARY}"; }

bool is_about_rules(const std::string& path) {
  static const std::set<std::string> kKeys = {"rules", "allow", "known", "mask", "mask_key"};
  return kKeys.count(path.substr(1, path.find('.', 1) - 1)) != 0;
}

TEST(PutInValues, AreShownByNoErrorOfAnyOption) {
  const YAML::Node reference = YAML::Load(reference_in_force());
  std::vector<std::string> paths;
  each_value(reference, "",
             [&](const YAML::Node&, const std::string& path) { paths.push_back(path); });
  ASSERT_GT(paths.size(), 150u);
  for (size_t wanted = 0; wanted < paths.size(); ++wanted) {
    YAML::Node document = YAML::Clone(reference);
    size_t number = 0;
    each_value(document, "", [&](const YAML::Node& value, const std::string&) {
      if (number++ == wanted) put_canary_in(value);
    });
    std::string yaml = YAML::Dump(document);
    for (const std::string& canary : kCanaries) {
      std::string told =
          is_about_rules(paths[wanted]) ? told_about_all(yaml, canary) : told_about(yaml, canary);
      EXPECT_FALSE(shows_canary(told)) << paths[wanted] << ": " << canary << '\n' << told;
    }
  }
}

/// Names that are given twice, references, one path or address for two things.
TEST(PutInValues, AreShownByNoErrorAboutSeveralOptions) {
  const YAML::Node reference = YAML::Load(reference_in_force());
  std::set<std::string> keys;
  each_value(reference, "", [&](const YAML::Node&, const std::string& path) {
    keys.insert(path.substr(path.rfind('.')));
  });
  for (const std::string& key : keys) {
    for (const std::string also : {".name", ".path"}) {
      YAML::Node document = YAML::Clone(reference);
      each_value(document, "", [&](const YAML::Node& value, const std::string& path) {
        if (path.ends_with(key) || path.ends_with(also)) put_canary_in(value);
      });
      std::string yaml = YAML::Dump(document);
      for (const std::string& canary : kCanaries) {
        std::string told = told_about(yaml, canary);
        EXPECT_FALSE(shows_canary(told)) << key << also << ": " << canary << '\n' << told;
      }
    }
  }
}

TEST(PutInValues, AreNotGuessedFromANameThatIsMistyped) {
  std::string told = told_about(
      "sources: [{name: in, type: stdin, sinks: [k9QwXzz]}]\n"
      "sinks: [{name: '${CANARY}', type: stdout}]\n",
      "k9Qw7zz");
  EXPECT_EQ(told.find("7zz"), std::string::npos) << told;
  EXPECT_NE(told.find("is the name of no sink\n"), std::string::npos) << told;
}

// ---- files

constexpr const char* kEnds =
    "sources: [{name: in, type: stdin}]\nsinks: [{name: out, type: stdout}]\n";

std::string told_of_files(const std::string& yaml, const std::string& canary) {
  std::string told = told_about_all(kEnds + yaml, canary);
  EXPECT_FALSE(shows_canary(told)) << told;
  return told;
}

TEST(PutInValues, AreNotShownInThePathOfAFileWithErrors) {
  TempDir dir;
  std::string folder = dir.path("k9Qw7zz");
  dir.write("k9Qw7zz/pack.yaml",
            "rules: [{id: x, kind: known, title: t, severity: high, file: gone}]\n");
  dir.write("k9Qw7zz/more/pack.yaml", "rules: [{id: y}]\n");
  dir.write("k9Qw7zz/base.toml", "[[rules]]\nid = 'a'\nregex = '('\n");
  dir.write("k9Qw7zz/team.toml", "[extend]\npath = 'base.toml'\n");
  dir.write("k9Qw7zz/other.toml", "[extend]\npath = 'gone.toml'\n");
  dir.write("k9Qw7zz/values", "e\n");
  dir.write("k9Qw7zz/key", "short\n");
  std::string told = told_of_files(
      "rules: {files: ['${CANARY}/pack.yaml', '${CANARY}/more/'],\n"
      "        gitleaks: ['${CANARY}/team.toml', '${CANARY}/other.toml']}\n"
      "known: {files: ['${CANARY}/values', '${CANARY}']}\n"
      "mask_key: {id: k1, file: '${CANARY}/key'}\n",
      folder);
  for (const char* error :
       {"${CANARY}/pack.yaml:1:62: rules[0].file: cannot read ${CANARY}/gone\n",
        "${CANARY}/more/pack.yaml:1:9: rules[0].kind: is missing",
        "${CANARY}/base.toml:3:9: rules[0].regex: RE2 refuses it: ",
        "${CANARY}/other.toml:2:8: extend.path: ${CANARY}/gone.toml: cannot be read: ",
        "${CANARY}/values:1:1: is shorter than",
        "redactd.yaml:5:17: known.files[0]: ${CANARY}/values: has no value in it\n",
        "redactd.yaml:5:37: known.files[1]: ${CANARY}: is a folder; name a file\n",
        "redactd.yaml:6:26: mask_key.file: ${CANARY}/key: holds a key of 5 bytes"})
    EXPECT_NE(told.find(error), std::string::npos) << error << '\n' << told;
}

TEST(PutInValues, AreNotShownOfAFileThatIsNotThere) {
  std::string told = told_of_files(
      "rules: {files: ['${CANARY}'], gitleaks: ['${CANARY}']}\n"
      "known: {files: ['${CANARY}']}\n"
      "mask_key: {id: k1, file: '${CANARY}'}\n",
      "/k9Qw7zz");
  std::string missing = ": ${CANARY}: cannot be read: No such file or directory\n";
  EXPECT_EQ(told, "/etc/redactd/redactd.yaml:3:17: rules.files[0]" + missing +
                      "/etc/redactd/redactd.yaml:3:42: rules.gitleaks[0]" + missing +
                      "/etc/redactd/redactd.yaml:4:17: known.files[0]" + missing +
                      "/etc/redactd/redactd.yaml:5:26: mask_key.file" + missing);
}

}  // namespace
}  // namespace redactd::test
