#include "config/whole_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace redactd {

namespace fs = std::filesystem;

namespace {

/// As a shell names what it hands over: <(command), and its standard input.
bool is_handed_over(const std::string& path) {
  return path.starts_with("/dev/") || path.starts_with("/proc/");
}

/// Why the path is not opened; empty when it is.
std::string refuse_kind(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return "is a folder; name a file";
  if (fs::is_fifo(path, error) && !is_handed_over(path)) return "is a named pipe; name a file";
  return {};
}

}  // namespace

std::optional<std::string> read_whole_file(const std::string& path, Diagnostics& diagnostics,
                                           size_t most) {
  constexpr size_t kPiece = 64 * 1024;
  auto refuse = [&](const std::string& why) {
    diagnostics.add({path, 0, 0}, "", why);
    return std::nullopt;
  };
  if (std::string why = refuse_kind(path); !why.empty()) return refuse(why);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  while (file) {
    const size_t size = text.size();
    text.resize(size + kPiece);
    file.read(text.data() + size, kPiece);
    text.resize(size + static_cast<size_t>(file.gcount()));
    if (text.size() > most)
      return refuse("is larger than " + std::to_string(most >> 20) + " MiB; name another file");
  }
  if (!file.eof())
    return refuse("cannot be read: " + std::generic_category().message(errno != 0 ? errno : EIO));
  return text;
}

}  // namespace redactd
