#include "config/whole_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace redactd {

namespace fs = std::filesystem;

std::optional<std::string> read_whole_file(const std::string& path, Diagnostics& diagnostics) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    diagnostics.add({path, 0, 0}, "", "is a folder; name a file");
    return std::nullopt;
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    // An empty file makes operator<< fail; that is no error.
    if (file && file.peek() == std::ifstream::traits_type::eof()) return std::string();
    int reason = errno != 0 ? errno : EIO;
    diagnostics.add({path, 0, 0}, "", "cannot be read: " + std::generic_category().message(reason));
    return std::nullopt;
  }
  return std::move(text).str();
}

}  // namespace redactd
