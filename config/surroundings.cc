#include "config/surroundings.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

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

std::optional<std::string> file_contents(const std::string& path, std::string& error) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (!file) {
    error = std::strerror(errno);
    return std::nullopt;
  }
  std::setvbuf(file.get(), nullptr, _IONBF, 0);  // no copy of a key stays in a buffer
  std::string text;
  std::vector<char, WipingAllocator<char>> chunk(4096);
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
