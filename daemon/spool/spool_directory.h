#pragma once

// The disk as the spool sees it: a seam, so that tests can take away power, space and luck.
// Everything throws std::system_error.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace redactd {

class SpoolFile {
 public:
  virtual ~SpoolFile() = default;

  virtual uint64_t size() = 0;
  /// Fewer bytes than asked for only at the end of the file.
  virtual size_t read(uint64_t offset, std::span<char> to) = 0;
  /// All of it, or throws: then any part of it may stand in the file.
  virtual void write(uint64_t offset, std::span<const std::string_view> parts) = 0;
  virtual void truncate(uint64_t size) = 0;
  /// What was written survives a power cut once this returns. When it throws, nobody knows, and
  /// another call would not tell either.
  virtual void sync() = 0;
};

class SpoolDirectory {
 public:
  virtual ~SpoolDirectory() = default;

  virtual std::vector<std::string> names() = 0;
  /// Whether there is a file behind the name, which can be opened: no folder, link or pipe.
  virtual bool is_file(const std::string& name) = 0;
  /// A new file, to be written and read.
  virtual std::unique_ptr<SpoolFile> create(const std::string& name) = 0;
  virtual std::unique_ptr<SpoolFile> open(const std::string& name) = 0;
  virtual void remove(const std::string& name) = 0;
  /// Names that were created survive a power cut once this returns.
  virtual void sync() = 0;
};

}  // namespace redactd
