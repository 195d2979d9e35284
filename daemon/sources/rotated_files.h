#pragma once

// What log rotation leaves beside a file, and what tells files apart.

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace redactd {

// No call here has them for another reason.
constexpr int kNoRegularFile = EINVAL;
constexpr int kUtf16 = EILSEQ;

struct FileInfo {
  int error = 0;  // errno, or kNoRegularFile
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t born = 0;     // nanoseconds; of the last write where the file system does not know
  int64_t written = 0;  // last, in nanoseconds
  uint64_t size = 0;

  using Identity = std::tuple<uint64_t, uint64_t, int64_t>;
  Identity identity() const { return {device, inode, born}; }
  bool is(const FileInfo& other) const { return device == other.device && inode == other.inode; }
};

/// Of the file that the path leads to.
FileInfo look_at(const std::string& path);
/// Of an open file, wherever it is by now.
FileInfo look_at(int descriptor);

/// Of a symbolic link what it leads to, for the rotated files stand beside that.
std::string target_of(const std::string& path);

struct RotatedFile {
  std::string path;
  FileInfo info;
};

/// Throws std::system_error if `error` is a lack of descriptors or memory: what could not be opened
/// for it may be there, and nothing can be said of it now.
void throw_if_lacking(int error);

/// What stands at `offset`, as much as there is. Throws std::system_error if it cannot be read:
/// that says nothing of what stands there.
std::span<const char> read_at(int descriptor, std::span<char> room, uint64_t offset);

/// Those beside the file `target`, the oldest first. What cannot be looked at is left out. Throws
/// as above.
std::vector<RotatedFile> rotated_files(const std::string& target);

/// Whether `name` is `base` with what log rotation adds: digits, dates, `.old`, `.bak`, `~`; behind
/// the whole name or before its extension. Not `.gz`, whose bytes are others.
bool is_rotated_name(std::string_view base, std::string_view name);

/// Whether the files at both paths begin with the same bytes, as far as both go and a fingerprint
/// (position.h) reaches. Throws as above, and as read_at() does.
bool begin_alike(const std::string& a, const std::string& b);
/// The same of a file that is open, wherever it is by now.
bool begin_alike(const std::string& path, int descriptor);

}  // namespace redactd
