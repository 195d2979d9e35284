#pragma once

// Every key and every word that the loader of the daemon's configuration knows, by the path of the
// map or value: `sinks[].wrap`, `sources[].framing`. The schema, the reference file and the tests
// are held to it.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_reader.h"

namespace redactd {

using Words = std::vector<std::string_view>;

struct OptionTable {
  std::map<std::string, Words> keys;
  std::map<std::string, Words> words;
};

OptionTable option_table();

/// A key of a map whose meaning depends on the other values of the map.
template <class Config>
struct Option {
  std::string_view key;
  bool (*belongs)(const Config&);
  const char* where;  // why it does not: "belongs to tls:// only"
};

template <class Config, size_t N>
Words keys_of(const Option<Config> (&options)[N]) {
  Words keys;
  for (const Option<Config>& option : options) keys.push_back(option.key);
  return keys;
}

/// Reports the keys that stand in the map and do not belong there, whichever of `possible` it is:
/// more than one where a value that decides is wrong.
template <class Config, size_t N>
void check_belonging(const YamlReader& reader, const Option<Config> (&options)[N],
                     const std::vector<Config>& possible) {
  for (const Option<Config>& option : options) {
    if (reader.names(option.key) && std::none_of(possible.begin(), possible.end(), option.belongs))
      reader[option.key].fail(option.where);
  }
}

/// Keeps what is there already when the file gives nothing.
template <class T, class U>
void take(const std::optional<T>& given, U& value) {
  if (given) value = static_cast<U>(*given);
}

/// The name of a source, sink or command: it stands in metrics and masks.
std::string read_name(const YamlReader& map);

}  // namespace redactd
