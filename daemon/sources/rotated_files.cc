#include "daemon/sources/rotated_files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "daemon/descriptor.h"
#include "daemon/sources/position.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNanoseconds = 1'000'000'000;

int64_t nanoseconds(const statx_timestamp& time) {
  return time.tv_sec * kNanoseconds + static_cast<int64_t>(time.tv_nsec);
}

FileInfo info_of(int folder, const char* path, int flags) {
  struct statx is = {};
  FileInfo info;
  if (statx(folder, path, flags, STATX_BASIC_STATS | STATX_BTIME, &is) != 0) {
    info.error = errno;
    return info;
  }
  info.error = S_ISREG(is.stx_mode) ? 0 : kNoRegularFile;
  info.device = uint64_t{is.stx_dev_major} << 32 | is.stx_dev_minor;
  info.inode = is.stx_ino;
  info.born = nanoseconds((is.stx_mask & STATX_BTIME) != 0 ? is.stx_btime : is.stx_mtime);
  info.written = nanoseconds(is.stx_mtime);
  info.size = is.stx_size;
  return info;
}

/// The first bytes, at most those of a fingerprint; wiped by the caller.
std::string head_of(int descriptor) {
  std::string head(Fingerprint::kBytes, '\0');
  head.resize(read_at(descriptor, head, 0).size());
  return head;
}

std::string head_of(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() >= 0) return head_of(file.get());
  throw_if_lacking(errno);
  return {};
}

bool are_alike(std::string head_a, std::string head_b) {
  size_t size = std::min(head_a.size(), head_b.size());
  bool alike = size > 0 && head_a.compare(0, size, head_b, 0, size) == 0;
  explicit_bzero(head_a.data(), head_a.size());
  explicit_bzero(head_b.data(), head_b.size());
  return alike;
}

bool is_rotation_suffix(std::string_view added) {
  for (std::string_view known : {".old", ".bak", ".prev", "~"}) {
    if (added == known) return true;
  }
  if (added.size() < 2 || std::string_view(".-_").find(added.front()) == std::string_view::npos)
    return false;
  bool digits = false;
  for (char c : added) {
    digits = digits || is_digit(c);
    if (!is_digit(c) && std::string_view(".-_:+TZ").find(c) == std::string_view::npos) return false;
  }
  return digits;
}

}  // namespace

void throw_if_lacking(int error) {
  if (error == EMFILE || error == ENFILE || error == ENOMEM)
    throw std::system_error(error, std::generic_category());
}

std::span<const char> read_at(int descriptor, std::span<char> room, uint64_t offset) {
  ssize_t size = pread(descriptor, room.data(), room.size(), static_cast<off_t>(offset));
  if (size < 0) throw std::system_error(errno, std::generic_category());
  return room.first(static_cast<size_t>(size));
}

FileInfo look_at(const std::string& path) { return info_of(AT_FDCWD, path.c_str(), 0); }

FileInfo look_at(int descriptor) { return info_of(descriptor, "", AT_EMPTY_PATH); }

std::string target_of(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  return error ? path : target.string();
}

std::vector<RotatedFile> rotated_files(const std::string& target_path) {
  const fs::path target(target_path);
  std::vector<RotatedFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(target.parent_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (!is_rotated_name(target.filename().string(), entry->path().filename().string())) continue;
    FileInfo info = look_at(entry->path().string());
    if (info.error == 0) files.push_back({entry->path().string(), info});
  }
  throw_if_lacking(error.value());
  std::sort(files.begin(), files.end(),
            [](const RotatedFile& a, const RotatedFile& b) { return a.info.born < b.info.born; });
  return files;
}

bool is_rotated_name(std::string_view base, std::string_view name) {
  if (name.size() <= base.size()) return false;
  if (name.starts_with(base)) return is_rotation_suffix(name.substr(base.size()));
  size_t dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  std::string_view stem = base.substr(0, dot);
  std::string_view extension = base.substr(dot);
  if (!name.starts_with(stem) || !name.ends_with(extension)) return false;
  return is_rotation_suffix(name.substr(dot, name.size() - base.size()));
}

bool begin_alike(const std::string& a, const std::string& b) {
  return are_alike(head_of(a), head_of(b));
}

bool begin_alike(const std::string& path, int descriptor) {
  return are_alike(head_of(path), head_of(descriptor));
}

}  // namespace redactd
