#include "config/exposure.h"

#include <filesystem>

namespace redactd {
namespace {

namespace fs = std::filesystem;
using fs::perms;

bool has_any(const std::string& path, perms which) {
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  return !error && status.type() == fs::file_type::regular &&
         (status.permissions() & which) != perms::none;
}

}  // namespace

std::string exposure_of_key(const std::string& path) {
  if (has_any(path, perms::group_write | perms::others_write))
    return "can be written by others than its owner: chmod 0600 it";
  if (has_any(path, perms::others_read))
    return "can be read by every user of this machine: chmod 0600 it, or 0640 with a group of its "
           "own";
  return {};
}

std::string exposure_of_config(const std::string& path) {
  if (!has_any(path, perms::group_write | perms::others_write)) return {};
  return "can be written by others than its owner, who could switch redaction off: chmod go-w it";
}

}  // namespace redactd
