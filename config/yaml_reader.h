#pragma once

// A typed cursor over a YAML node: it knows where it stands in file and document, and turns every
// surprise into a diagnostic instead of an exception. The only file besides yaml_reader.cc that
// includes yaml-cpp.
//
// yaml-cpp 0.7 counts marks from 0 and throws when the mark of a missing node is asked for; both
// are dealt with here and nowhere else.

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace redactd {

class YamlReader {
 public:
  /// Parses `text`; a syntax error becomes a diagnostic and the result is nothing. `diagnostics`
  /// must outlive the reader.
  static std::optional<YamlReader> parse(const std::string& text, const std::string& file,
                                         Diagnostics& diagnostics);

  /// Reports unknown keys (with a suggestion) and keys given twice. Returns false, with a
  /// diagnostic, when the node is no map.
  bool expect_map(const std::vector<std::string_view>& known) const;

  bool has(std::string_view key) const;
  /// The value of `key`; reads as absent when the key is missing.
  YamlReader operator[](std::string_view key) const;
  bool present() const { return node_.IsDefined() && !node_.IsNull(); }
  bool is_map() const { return present() && node_.IsMap(); }
  bool is_list() const { return present() && node_.IsSequence(); }

  /// The elements of a list; a scalar counts as a list of one. A diagnostic when it is a map.
  std::vector<YamlReader> items() const;

  /// Each reads a value of its type, or adds a diagnostic and returns nothing. Absent: nothing,
  /// silently.
  std::optional<std::string> text() const;
  std::optional<bool> boolean() const;
  std::optional<size_t> count() const;
  /// Bytes, with an optional unit: 4096, 64KiB, 1MiB.
  std::optional<size_t> bytes() const;
  std::vector<std::string> texts() const;

  /// One of `names`; returns its index.
  std::optional<size_t> one_of(const std::vector<std::string_view>& names) const;

  void fail(const std::string& message) const;
  /// For a key that is missing altogether: placed at the map itself.
  void fail_missing(std::string_view key, const std::string& what) const;
  Location location() const;
  const std::string& path() const { return path_; }

 private:
  YamlReader(const YAML::Node& node, std::string path, const std::string* file,
             Diagnostics* diagnostics, Location fallback)
      : node_(node),
        path_(std::move(path)),
        file_(file),
        diagnostics_(diagnostics),
        fallback_(std::move(fallback)) {}

  YAML::Node node_;
  std::string path_;
  const std::string* file_;
  Diagnostics* diagnostics_;
  Location fallback_;
};

/// Reads `4096`, `64KiB`, `1MiB`, `2GiB`, `10kB`, `1MB`; nothing when it is none of them.
std::optional<size_t> parse_bytes(std::string_view text);

}  // namespace redactd
