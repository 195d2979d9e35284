#include "config/surroundings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "filters/wiping_allocator.h"

namespace redactd {
namespace {

constexpr size_t kLargestFile = size_t{16} << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

/// As a shell's <(command) names it.
bool is_handed_over(const std::string& path) {
  return path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

/// Why the open file is not read; empty when it is. A pipe by name would be waited for.
std::string refuse_kind(int descriptor, const std::string& path) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) return std::strerror(errno);
  if (S_ISREG(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode)) return std::strerror(EISDIR);
  if (!S_ISFIFO(status.st_mode) || !is_handed_over(path)) return "it is no regular file";
  return fcntl(descriptor, F_SETFL, 0) == 0 ? std::string() : std::strerror(errno);
}

std::unique_ptr<std::FILE, CloseFile> open_file(const std::string& path, std::string& error) {
  int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  error = descriptor < 0 ? std::strerror(errno) : refuse_kind(descriptor, path);
  std::FILE* file = error.empty() ? fdopen(descriptor, "rb") : nullptr;
  if (file == nullptr && error.empty()) error = std::strerror(errno);
  if (file == nullptr && descriptor >= 0) close(descriptor);
  return std::unique_ptr<std::FILE, CloseFile>(file);
}

std::optional<std::string> file_contents(const std::string& path, std::string& error) {
  std::unique_ptr<std::FILE, CloseFile> file = open_file(path, error);
  if (!file) return std::nullopt;
  std::setvbuf(file.get(), nullptr, _IONBF, 0);  // no copy of a key stays in a buffer
  std::string text;
  WipedBuffer chunk(4096);
  while (size_t size = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), size);
    if (text.size() > kLargestFile) {
      error = "larger than 16 MiB";
      return std::nullopt;
    }
  }
  if (std::ferror(file.get()) != 0) {
    error = std::strerror(errno);
    return std::nullopt;
  }
  return text;
}

}  // namespace

const Surroundings& this_machine() {
  static const Surroundings machine{variable, file_contents};
  return machine;
}

const Surroundings& no_surroundings() {
  static const Surroundings none{[](const std::string&) { return std::nullopt; },
                                 [](const std::string&, std::string& error) {
                                   error = "not read";
                                   return std::nullopt;
                                 }};
  return none;
}

}  // namespace redactd
