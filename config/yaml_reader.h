#pragma once

// A typed cursor over a YAML node: it knows where it stands in file and document, and turns every
// surprise into a diagnostic instead of an exception. The only file besides yaml_reader.cc that
// includes yaml-cpp.
//
// yaml-cpp 0.7 counts marks from 0 and throws when the mark of a missing node is asked for; both
// are dealt with here and nowhere else.

#include <yaml-cpp/yaml.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/surroundings.h"
#include "config/units.h"

namespace redactd {

/// What a number, size or duration may be, both ends included; or 0 where that has a meaning.
template <class T>
struct Range {
  T least;
  T most;
  bool or_zero = false;

  bool has(T value) const {
    return (or_zero && value == T{0}) || (value >= least && value <= most);
  }
};

class YamlReader {
 public:
  /// Parses `text`; a syntax error becomes a diagnostic and the result is nothing. `diagnostics`
  /// and `surroundings` must outlive the reader. With `surroundings`, `${…}` in values is replaced
  /// (see substitution.h); without, a dollar is a dollar.
  static std::optional<YamlReader> parse(const std::string& text, const std::string& file,
                                         Diagnostics& diagnostics,
                                         const Surroundings* surroundings = nullptr);

  /// Reports unknown keys (with a suggestion) and keys given twice. Returns false, with a
  /// diagnostic, when the node is no map.
  bool expect_map(const std::vector<std::string_view>& known) const;

  bool has(std::string_view key) const;
  /// Whether `key` stands in the map, with a value or without.
  bool names(std::string_view key) const;
  /// The value of `key`; reads as absent when the key is missing.
  YamlReader operator[](std::string_view key) const;
  bool present() const { return node_.IsDefined() && !node_.IsNull(); }
  bool is_map() const { return present() && node_.IsMap(); }
  bool is_list() const { return present() && node_.IsSequence(); }
  bool is_scalar() const { return present() && node_.IsScalar(); }

  /// The elements of a list; a scalar counts as a list of one. A diagnostic when it is a map.
  std::vector<YamlReader> items() const;

  /// Each reads a value of its type, or adds a diagnostic and returns nothing. Absent: nothing,
  /// silently.
  std::optional<std::string> text() const;
  std::optional<bool> boolean() const;  // true, false, on, off
  std::optional<size_t> count() const;
  std::optional<size_t> count(Range<size_t> range) const;
  /// Bytes, with an optional unit: 4096, 64KiB, 1MiB.
  std::optional<size_t> bytes() const;
  std::optional<size_t> bytes(Range<size_t> range) const;
  std::optional<Milliseconds> duration(Range<Milliseconds> range) const;
  /// Permissions of a file: 0660.
  std::optional<unsigned> mode() const;
  /// The path of a file; a relative one is relative to this file's folder.
  std::optional<std::string> file_path() const;
  /// Where the value stands, and what to show of it.
  Place place() const;
  /// For errors: `value`, which comes of this node's text, in quotes; or as it stands in the file
  /// when `${…}` has put something into it.
  std::string quoted(const std::string& value) const;
  /// `${…}` has put something into the text.
  bool is_put_in() const;
  /// The places of all texts of the document that have been read.
  const Places& places() const { return *document_->places; }
  /// The files that stand in the text as `${file:/path}`.
  std::vector<std::string> files_in_text() const;
  std::vector<std::string> texts() const;

  /// One of `names`; returns its index.
  std::optional<size_t> one_of(const std::vector<std::string_view>& names) const;

  void fail(const std::string& message) const;
  void warn(const std::string& message) const;
  /// For a key that is missing altogether: placed at the map itself.
  void fail_missing(std::string_view key, const std::string& what) const;
  Location location() const;
  const std::string& path() const { return path_; }
  /// What the document was parsed with; no_surroundings() without.
  const Surroundings& surroundings() const;

 private:
  struct Document {
    std::string file;
    std::string folder;
    Diagnostics* diagnostics;
    const Surroundings* surroundings;
    std::shared_ptr<Places> places;
  };

  YamlReader(const YAML::Node& node, std::string path, std::shared_ptr<const Document> document,
             Location fallback)
      : node_(node),
        path_(std::move(path)),
        document_(std::move(document)),
        fallback_(std::move(fallback)) {}

  std::string path_of(std::string_view key) const;
  /// Of what is read more than once.
  void fail_once(const std::string& message) const;

  YAML::Node node_;
  std::string path_;
  std::shared_ptr<const Document> document_;
  Location fallback_;
};

}  // namespace redactd
