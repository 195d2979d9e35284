#include "config/daemon/known_config.h"

#include <sys/un.h>

#include <algorithm>
#include <set>

#include "filters/byte_class.h"

namespace redactd {
namespace {

using namespace std::chrono_literals;
using Path = KnownValuesConfig::Path;
using KnownCommand = KnownValuesConfig::Command;

const Words kKeys = {"environment", "files",    "exec",       "socket",
                     "socket_mode", "add_mask", "max_values", "encodings"};
const Words kPathKeys = {"path", "format", "names"};
const Words kFormats = {"auto", "value", "lines", "dotenv"};
const Words kCommandKeys = {"name", "command", "refresh", "timeout"};

void read_environment(const YamlReader& reader, KnownValuesConfig& known) {
  for (const YamlReader& item : reader.items()) {
    std::optional<std::string> pattern = item.text();
    if (!pattern) continue;
    bool fit = std::all_of(pattern->begin(), pattern->end(),
                           [](char c) { return is_alnum(c) || c == '_' || c == '*'; });
    bool everything = pattern->find_first_not_of('*') == std::string::npos;
    if (!fit || everything) {
      item.fail(everything ? "would mask PATH and HOME too; name variables, as in *_TOKEN"
                           : "must be a variable's name of letters, digits and _, with * for any");
    }
    known.environment.push_back(*pattern);
  }
}

void read_names(const YamlReader& reader, Path& path) {
  for (const YamlReader& item : reader.items()) {
    std::optional<std::string> pattern = item.text();
    if (!pattern) continue;
    bool fit = !pattern->empty() && std::all_of(pattern->begin(), pattern->end(), [](char c) {
      return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '*';
    });
    if (!fit)
      item.fail("must be a key's name of letters, digits, '-', '_' and '.', with * for any");
    path.names.push_back(*pattern);
  }
  if (reader.present() &&
      (path.format == Path::Format::value || path.format == Path::Format::lines))
    reader.fail("belongs to the format dotenv, whose values have names");
}

void read_files(const YamlReader& reader, KnownValuesConfig& known) {
  std::set<std::string> paths;
  for (const YamlReader& item : reader.items()) {
    Path path;
    if (!item.is_scalar() && !item.expect_map(kPathKeys)) continue;
    YamlReader name = item.is_scalar() ? item : item["path"];
    if (!name.present()) item.fail_missing("path", "a file, or a folder of files");
    std::optional<std::string> text = name.file_path();
    if (!item.is_scalar()) {
      take(item["format"].one_of(kFormats), path.format);
      read_names(item["names"], path);
    }
    if (!text) continue;
    path.path = *text;
    if (!paths.insert(path.path).second) name.fail("stands in the list already");
    known.files.push_back(std::move(path));
  }
}

void read_command(const YamlReader& item, KnownCommand& command) {
  command.name = read_name(item);
  YamlReader words = item["command"];
  if (words.is_scalar()) {
    words.fail("must be a list of words, [vault, kv, get]: no shell reads it");
  } else {
    command.argv = words.texts();
    if (command.argv.empty() || command.argv.front().empty())
      item.fail_missing("command", "a list of words, the program first");
  }
  take(item["refresh"].duration({1s, 24h * 365}), command.refresh);
  take(item["timeout"].duration({100ms, 1h}), command.timeout);
}

void read_commands(const YamlReader& reader, KnownValuesConfig& known) {
  std::set<std::string> names;
  for (const YamlReader& item : reader.items()) {
    if (!item.expect_map(kCommandKeys)) continue;
    KnownCommand command;
    read_command(item, command);
    if (!command.name.empty() && !names.insert(command.name).second)
      item["name"].fail("is the name of an earlier command");
    known.exec.push_back(std::move(command));
  }
}

void read_socket(const YamlReader& reader, KnownValuesConfig& known) {
  take(reader["socket"].file_path(), known.socket);
  if (known.socket.size() >= sizeof(sockaddr_un{}.sun_path))
    reader["socket"].fail("is longer than a socket's path may be");
  take(reader["socket_mode"].mode(), known.socket_mode);
  if (reader.names("socket_mode") && !reader.has("socket"))
    reader["socket_mode"].fail("belongs to socket");
}

}  // namespace

KnownValuesConfig read_known_values(const YamlReader& reader) {
  KnownValuesConfig known;
  if (!reader.present() || !reader.expect_map(kKeys)) return known;
  read_environment(reader["environment"], known);
  read_files(reader["files"], known);
  read_commands(reader["exec"], known);
  read_socket(reader, known);
  take(reader["add_mask"].boolean(), known.add_mask);
  take(reader["max_values"].count({1, 1000000}), known.max_values);
  take(reader["encodings"].boolean(), known.encodings);
  return known;
}

void add_known_options(OptionTable& table) {
  table.keys["known_values"] = kKeys;
  table.keys["known_values.files[]"] = kPathKeys;
  table.keys["known_values.exec[]"] = kCommandKeys;
  table.words["known_values.files[].format"] = kFormats;
}

}  // namespace redactd
