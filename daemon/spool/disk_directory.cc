#include "daemon/spool/disk_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "daemon/descriptor.h"

namespace redactd {
namespace {

constexpr const char* kLock = "lock";
constexpr size_t kMostParts = 64;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class DiskFile final : public SpoolFile {
 public:
  explicit DiskFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  uint64_t size() override {
    struct stat status = {};
    if (fstat(descriptor_.get(), &status) != 0) fail("stat");
    return static_cast<uint64_t>(status.st_size);
  }

  size_t read(uint64_t offset, std::span<char> to) override {
    size_t done = 0;
    while (done < to.size()) {
      ssize_t size = pread(descriptor_.get(), to.data() + done, to.size() - done,
                           static_cast<off_t>(offset + done));
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) fail("read");
      if (size == 0) break;
      done += static_cast<size_t>(size);
    }
    return done;
  }

  void write(uint64_t offset, std::span<const std::string_view> parts) override {
    size_t part = 0;
    size_t sent = 0;  // of that part
    while (part < parts.size()) {
      std::array<iovec, kMostParts> vectors;
      size_t count = 0;
      for (size_t i = part; i < parts.size() && count < kMostParts; ++i) {
        std::string_view bytes = parts[i].substr(i == part ? sent : 0);
        vectors[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
      }
      ssize_t size = pwritev(descriptor_.get(), vectors.data(), static_cast<int>(count),
                             static_cast<off_t>(offset));
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) fail("write");
      offset += static_cast<uint64_t>(size);
      sent += static_cast<size_t>(size);
      while (part < parts.size() && sent >= parts[part].size()) sent -= parts[part++].size();
    }
  }

  void truncate(uint64_t size) override {
    if (ftruncate(descriptor_.get(), static_cast<off_t>(size)) != 0) fail("truncate");
  }

  void sync() override {
    if (fdatasync(descriptor_.get()) != 0) fail("sync");
  }

 private:
  Descriptor descriptor_;
};

class DiskDirectory final : public SpoolDirectory {
 public:
  DiskDirectory(Descriptor directory, std::unique_ptr<DiskFile> lock)
      : directory_(std::move(directory)), lock_(std::move(lock)) {}

  std::vector<std::string> names() override {
    Descriptor copy(openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (copy.get() < 0) fail("open");
    DIR* listing = fdopendir(copy.get());
    if (listing == nullptr) fail("list");
    copy.release();
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(listing)) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
      errno = 0;
    }
    int error = errno;
    closedir(listing);
    if (error != 0) throw std::system_error(error, std::generic_category(), "list");
    return names;
  }

  bool is_file(const std::string& name) override {
    struct stat status = {};
    if (fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      fail("stat " + name);
    return S_ISREG(status.st_mode);
  }

  std::unique_ptr<SpoolFile> create(const std::string& name) override {
    return opened(name, O_RDWR | O_CREAT | O_EXCL);
  }
  std::unique_ptr<SpoolFile> open(const std::string& name) override {
    return opened(name, O_RDWR | O_NONBLOCK);
  }
  void remove(const std::string& name) override {
    if (unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT) fail("remove " + name);
  }
  void sync() override {
    if (fsync(directory_.get()) != 0) fail("sync");
  }

 private:
  std::unique_ptr<SpoolFile> opened(const std::string& name, int flags) {
    Descriptor file(
        openat(directory_.get(), name.c_str(), flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600));
    if (file.get() < 0) fail("open " + name);
    struct stat status = {};
    if (fstat(file.get(), &status) != 0) fail("stat " + name);
    if (!S_ISREG(status.st_mode)) {
      errno = EINVAL;
      fail(name + " is no regular file; remove it");
    }
    return std::make_unique<DiskFile>(std::move(file));
  }

  Descriptor directory_;
  std::unique_ptr<DiskFile> lock_;
};

/// Of this process and no other, also not of one with the same number in another container.
const std::string& token_of_this_process() {
  static const std::string token = [] {
    std::random_device random;
    return std::to_string(getpid()) + " " + std::to_string(random()) + std::to_string(random());
  }();
  return token;
}

std::runtime_error refusal(const std::string& path, const std::string& why) {
  return std::runtime_error("spool " + path + ": " + why);
}

std::string text_of(int error) { return std::generic_category().message(error); }

Descriptor open_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw refusal(path, "the directory cannot be made: " + text_of(errno));
  Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (directory.get() < 0)
    throw refusal(path, "is not a directory that can be opened: " + text_of(errno));
  struct stat status = {};
  if (fstat(directory.get(), &status) != 0) throw refusal(path, text_of(errno));
  if (status.st_uid != geteuid())
    throw refusal(path, "belongs to user " + std::to_string(status.st_uid) +
                            ", and redactd runs as " + std::to_string(geteuid()) +
                            "; chown it to that user");
  if ((status.st_mode & 0022) != 0) throw refusal(path, "others may write to it; chmod 0700 it");
  return directory;
}

}  // namespace

std::unique_ptr<SpoolDirectory> open_spool_directory(const std::string& path) {
  Descriptor directory = open_directory(path);
  Descriptor lock(openat(directory.get(), kLock,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600));
  if (lock.get() < 0) throw refusal(path, "its lock cannot be opened: " + text_of(errno));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) throw refusal(path, "cannot be locked: " + text_of(errno));
    std::array<char, 64> held{};
    ssize_t size = pread(lock.get(), held.data(), held.size(), 0);
    std::string_view holder(held.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
    if (holder == token_of_this_process()) return nullptr;
    throw refusal(path, "is in use by another redactd (process " +
                            std::string(holder.substr(0, holder.find(' '))) +
                            "); give each a directory of its own");
  }
  auto held = std::make_unique<DiskFile>(std::move(lock));
  try {
    // Never empty: whoever looks meanwhile sees a name.
    const std::string_view token = token_of_this_process();
    held->write(0, {&token, 1});
    held->truncate(token.size());
  } catch (const std::system_error& error) {
    throw refusal(path, "cannot be written: " + error.code().message());
  }
  return std::make_unique<DiskDirectory>(std::move(directory), std::move(held));
}

}  // namespace redactd
