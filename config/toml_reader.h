#pragma once

// A cursor over a TOML value, as YamlReader is one over YAML: it knows where it stands, and turns
// every surprise into a diagnostic. Keys are found whatever their case. The only file besides
// toml_reader.cc that includes toml++.

#include <toml++/toml.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace redactd {

class TomlReader {
 public:
  /// A syntax error becomes a diagnostic and the result is nothing. `diagnostics` must outlive the
  /// reader.
  static std::optional<TomlReader> parse(const std::string& text, const std::string& file,
                                         Diagnostics& diagnostics);

  /// The value of `key`; reads as absent when the key is missing or this is no table.
  TomlReader operator[](std::string_view key) const;
  bool present() const { return node_ != nullptr; }
  /// The keys of a table, as they are written.
  std::vector<std::string> keys() const;

  /// Each reads a value of its type, or adds a diagnostic and returns nothing. Absent: nothing,
  /// silently.
  std::optional<std::string> text() const;
  std::optional<double> number() const;  // also as a string
  std::optional<bool> boolean() const;
  std::vector<TomlReader> items() const;   // of an array; anything else counts as an array of one
  std::vector<TomlReader> tables() const;  // of an array of tables; a table counts as one
  std::vector<std::string> texts() const;

  void fail(const std::string& message) const;
  Location location() const;
  const std::string& path() const { return path_; }

 private:
  struct Document {
    toml::table table;
    std::string file;
    Diagnostics* diagnostics;
  };
  TomlReader(const toml::node* node, std::string path, Location place,
             std::shared_ptr<const Document> document)
      : node_(node),
        path_(std::move(path)),
        place_(std::move(place)),
        document_(std::move(document)) {}

  const toml::node* node_;
  std::string path_;
  Location place_;  // of the nearest value that is there
  std::shared_ptr<const Document> document_;
};

}  // namespace redactd
