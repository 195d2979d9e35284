#include "config/toml_reader.h"

#include <algorithm>
#include <charconv>

#include "filters/byte_class.h"

namespace redactd {
namespace {

Location place_of(const toml::source_position& position, const std::string& file) {
  return {file, position.line, position.column};
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace

std::optional<TomlReader> TomlReader::parse(const std::string& text, const std::string& file,
                                            Diagnostics& diagnostics) {
  try {
    auto document =
        std::make_shared<const Document>(Document{toml::parse(text, file), file, &diagnostics});
    return TomlReader(&document->table, "", {file, 1, 1}, document);
  } catch (const toml::parse_error& error) {
    diagnostics.add(place_of(error.source().begin, file), "",
                    "is no TOML: " + std::string(error.description()));
    return std::nullopt;
  }
}

TomlReader TomlReader::operator[](std::string_view key) const {
  std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  const toml::table* table = node_ != nullptr ? node_->as_table() : nullptr;
  if (table != nullptr) {
    for (const auto& [name, value] : *table) {
      if (!same_word(name.str(), key)) continue;
      return {&value, path, place_of(value.source().begin, document_->file), document_};
    }
  }
  return {nullptr, path, place_, document_};
}

std::vector<std::string> TomlReader::keys() const {
  std::vector<std::string> keys;
  const toml::table* table = node_ != nullptr ? node_->as_table() : nullptr;
  if (table == nullptr) return keys;
  for (const auto& [name, value] : *table) keys.emplace_back(name.str());
  return keys;
}

std::optional<std::string> TomlReader::text() const {
  if (node_ == nullptr) return std::nullopt;
  if (std::optional<std::string> text = node_->value_exact<std::string>()) return text;
  fail("must be a string");
  return std::nullopt;
}

std::optional<double> TomlReader::number() const {
  if (node_ == nullptr) return std::nullopt;
  if (node_->is_number()) return node_->value<double>();
  if (std::optional<std::string> text = node_->value_exact<std::string>()) {
    double value = 0;
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error == std::errc() && end == text->data() + text->size()) return value;
  }
  fail("must be a number");
  return std::nullopt;
}

std::optional<bool> TomlReader::boolean() const {
  if (node_ == nullptr) return std::nullopt;
  if (std::optional<bool> value = node_->value_exact<bool>()) return value;
  fail("must be true or false");
  return std::nullopt;
}

std::vector<TomlReader> TomlReader::items() const {
  if (node_ == nullptr) return {};
  const toml::array* array = node_->as_array();
  if (array == nullptr) return {*this};
  std::vector<TomlReader> items;
  for (const toml::node& item : *array) {
    std::string path = path_ + "[" + std::to_string(items.size()) + "]";
    items.push_back({&item, path, place_of(item.source().begin, document_->file), document_});
  }
  return items;
}

std::vector<TomlReader> TomlReader::tables() const {
  std::vector<TomlReader> tables;
  for (const TomlReader& item : items()) {
    if (item.node_->is_table()) {
      tables.push_back(item);
    } else {
      item.fail("must be a table");
    }
  }
  return tables;
}

std::vector<std::string> TomlReader::texts() const {
  std::vector<std::string> texts;
  for (const TomlReader& item : items()) {
    if (std::optional<std::string> text = item.text()) texts.push_back(*text);
  }
  return texts;
}

void TomlReader::fail(const std::string& message) const {
  document_->diagnostics->add(place_, path_, message);
}

Location TomlReader::location() const { return place_; }

}  // namespace redactd
