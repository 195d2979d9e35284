#include "daemon/process/write_access.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace redactd {
namespace {

namespace fs = std::filesystem;

// Linux 6.2 has brought it; Debian 12's headers are older.
constexpr uint64_t kTruncate = uint64_t{1} << 14;
constexpr int kAbiWithTruncate = 3;

constexpr uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr uint64_t kWriteFolder = kWriteFile | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK;
constexpr uint64_t kNever = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                            LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                            LANDLOCK_ACCESS_FS_MAKE_SYM;

/// Without links, as far as it exists. What a link leads to need not be there yet.
fs::path real(const fs::path& written) {
  constexpr int kMostLinks = 40;  // as in the kernel
  std::error_code error;
  fs::path path = fs::absolute(written, error);
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, error) && !fs::exists(path, error); ++i)
    path = path.parent_path() / fs::read_symlink(path, error);
  fs::path found = fs::weakly_canonical(path, error);
  return error ? path.lexically_normal() : found;
}

fs::path nearest_folder(fs::path path) {
  std::error_code error;
  while (path.has_relative_path() && !fs::is_directory(path, error)) path = path.parent_path();
  return path;
}

bool is_beneath(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

/// A terminal, a pipe, /dev/null.
bool is_device(const WrittenPath& written) {
  std::error_code error;
  fs::file_type type = fs::status(written.path, error).type();
  return !written.folder && (type == fs::file_type::character || type == fs::file_type::fifo);
}

int add_rule(int rules, const fs::path& path, uint64_t access) {
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = access;
  rule.parent_fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (rule.parent_fd < 0) return errno == ENOENT ? 0 : errno;
  int result =
      static_cast<int>(syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
  int error = result == 0 ? 0 : errno;
  close(rule.parent_fd);
  return error == EBADFD ? 0 : error;  // a pipe without a name needs no permission
}

}  // namespace

std::vector<WrittenPath> written_paths(const DaemonConfig& config) {
  std::vector<WrittenPath> paths;
  auto add = [&](std::string option, const std::string& path, bool folder = false) {
    if (!path.empty()) paths.push_back({std::move(option), path, folder});
  };
  for (size_t i = 0; i < config.sources.size(); ++i) {
    const SourceConfig& source = config.sources[i];
    const std::string entry = "sources[" + std::to_string(i) + "].";
    add(entry + "position_file", source.position_file);
    Address::Transport transport = source.listen.transport;
    if (transport == Address::Transport::unix_stream ||
        transport == Address::Transport::unix_datagram)
      add(entry + "listen", source.listen.path);
  }
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    const SinkConfig& sink = config.sinks[i];
    const std::string entry = "sinks[" + std::to_string(i) + "].";
    if (sink.type == SinkConfig::Type::file) add(entry + "path", sink.path);
    add(entry + "spool.directory", sink.spool.directory, true);
  }
  add("known_values.socket", config.known_values.socket);
  return paths;
}

WriteAccess::WriteAccess(const DaemonConfig& config) {
  for (const WrittenPath& written : written_paths(config)) {
    fs::path path = real(written.path);
    if (is_device(written)) {
      devices_.emplace_back(written.path);
    } else {
      folders_.push_back(nearest_folder(written.folder ? path : path.parent_path()));
    }
  }
}

std::string WriteAccess::confine() const {
  auto why = [](int error) { return std::string(std::strerror(error)); };
  long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, size_t{0}, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0) return why(errno);
  uint64_t truncate = abi >= kAbiWithTruncate ? kTruncate : 0;
  landlock_ruleset_attr handled = {};
  handled.handled_access_fs = kWriteFolder | kNever | truncate;
  int rules = static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) return why(errno);
  int error = 0;
  for (const fs::path& folder : folders_)
    if (error == 0) error = add_rule(rules, folder, kWriteFolder | truncate);
  for (const fs::path& device : devices_)
    if (error == 0) error = add_rule(rules, device, kWriteFile | truncate);
  if (error == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0) error = errno;
  close(rules);
  return error == 0 ? std::string() : why(error);
}

const WrittenPath* WriteAccess::out_of_reach(const std::vector<WrittenPath>& next) const {
  for (const WrittenPath& written : next) {
    fs::path path = real(written.path);
    bool reached = is_device(written)
                       ? std::find(devices_.begin(), devices_.end(), written.path) != devices_.end()
                       : std::any_of(folders_.begin(), folders_.end(), [&](const fs::path& folder) {
                           return is_beneath(written.folder ? path : path.parent_path(), folder);
                         });
    if (!reached) return &written;
  }
  return nullptr;
}

}  // namespace redactd
