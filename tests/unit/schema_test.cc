// config/redactd.schema.json and the loader know the same keys and words. tests/e2e/test_check.py
// compares what they say of documents.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "config/option_table.h"

namespace redactd::test {
namespace {

using Json = nlohmann::json;

const Json& schema() {
  static const Json parsed =
      Json::parse(std::ifstream(std::string(REDACTD_SOURCE_DIR) + "/config/redactd.schema.json"));
  return parsed;
}

const Json& resolve(const Json& node) {
  if (!node.contains("$ref")) return node;
  return schema().at(Json::json_pointer(node.at("$ref").get<std::string>().substr(1)));
}

/// The map that is the entry of a list, or one of the things that an entry may be.
const Json& entry_of(const Json& list) {
  if (list.contains("items")) {
    const Json& items = resolve(list.at("items"));
    if (items.contains("properties")) return items;
    for (const Json& choice : items.at("anyOf"))
      if (choice.contains("properties")) return choice;
  }
  for (const Json& choice : list.at("anyOf"))
    if (choice.contains("items")) return entry_of(choice);
  throw std::runtime_error("no list of maps");
}

const Json& at_path(std::string path) {
  const Json* node = &schema();
  while (!path.empty()) {
    size_t end = std::min(path.find('.'), path.size());
    std::string step = path.substr(0, end);
    path.erase(0, std::min(end + 1, path.size()));
    bool list = step.ends_with("[]");
    if (list) step.resize(step.size() - 2);
    node = &resolve(node->at("properties").at(step));
    if (list) node = &entry_of(*node);
  }
  return *node;
}

void collect_maps(const Json& node, const std::string& path, std::set<std::string>& maps) {
  if (!node.contains("properties")) return;
  maps.insert(path);
  for (const auto& [key, value] : node.at("properties").items()) {
    std::string below = path.empty() ? key : path + "." + key;
    const Json& property = resolve(value);
    if (property.contains("properties")) {
      collect_maps(property, below, maps);
      continue;
    }
    try {
      collect_maps(entry_of(property), below + "[]", maps);
    } catch (const std::exception&) {  // no list of maps
    }
  }
}

std::set<std::string> words_of(const Json& node) {
  std::set<std::string> words;
  for (const Json& choice : node.at("anyOf")) {
    if (!choice.contains("enum")) continue;
    for (const Json& word : choice.at("enum"))
      if (word.is_string()) words.insert(word.get<std::string>());
  }
  return words;
}

TEST(Schema, HasTheMapsOfTheLoader) {
  std::set<std::string> maps;
  collect_maps(schema(), "", maps);
  std::set<std::string> known;
  for (const auto& [path, keys] : option_table().keys) known.insert(path);
  EXPECT_EQ(maps, known);
}

TEST(Schema, HasTheKeysOfTheLoader) {
  for (const auto& [path, keys] : option_table().keys) {
    std::set<std::string> in_schema;
    for (const auto& [key, value] : at_path(path).at("properties").items()) in_schema.insert(key);
    EXPECT_EQ(in_schema, std::set<std::string>(keys.begin(), keys.end())) << path;
    EXPECT_EQ(at_path(path).at("additionalProperties"), false) << path;
  }
}

TEST(Schema, HasTheWordsOfTheLoader) {
  for (const auto& [path, words] : option_table().words) {
    EXPECT_EQ(words_of(at_path(path)), std::set<std::string>(words.begin(), words.end())) << path;
  }
}

TEST(Schema, DescribesEveryKey) {
  for (const auto& [path, keys] : option_table().keys) {
    for (const auto& [key, value] : at_path(path).at("properties").items())
      EXPECT_TRUE(value.contains("description") || value.contains("$ref")) << path << '.' << key;
  }
}

}  // namespace
}  // namespace redactd::test
