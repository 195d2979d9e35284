// Preloaded, makes the calls fail by which a program writes a spool, or ends it there as kill -9
// does. Which call is told by a file that the environment variable FAILING_DISK names: three
// int64_t, Orders below. All but a spool's segments and its position are left alone.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

/// In the order of tests/e2e/test_disk.py.
enum class Point : int64_t {
  nowhere,
  before_creation,
  created,
  names_synced,
  before_write,
  half_written,
  written,
  before_sync,
  synced,
  before_removal,
  removed,
  before_position,
  half_position,
  position_written,
};

struct Orders {
  std::atomic<int64_t> point;  // nowhere again when the last one was carried out
  std::atomic<int64_t> times;  // until it is the turn of this one: 1 is the next
  std::atomic<int64_t> error;  // 0: the end of the program, -1: a call that does half of its work
};

enum class Kind : unsigned char { other, segment, position };
constexpr size_t kFiles = 4096;
std::array<std::atomic<Kind>, kFiles> kinds = {};

Orders none = {};
Orders* orders = &none;

/// Before the program confines itself.
[[gnu::constructor]] void find_orders() {
  const char* path = std::getenv("FAILING_DISK");
  int file = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* at = mmap(nullptr, sizeof(Orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (at != MAP_FAILED) orders = static_cast<Orders*>(at);
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// The error that is due at this point; 0: none. Does not come back where the program is to end.
int64_t due(Point here) {
  Orders& all = *orders;
  if (all.point != static_cast<int64_t>(here) || all.times-- != 1) return 0;
  int64_t error = all.error;
  if (error == 0) raise(SIGKILL);
  all.point = static_cast<int64_t>(Point::nowhere);
  return error;
}

int fails(int64_t error) {
  errno = static_cast<int>(error);
  return -1;
}

Kind kind_of(int file) {
  return file >= 0 && static_cast<size_t>(file) < kFiles ? kinds[static_cast<size_t>(file)].load()
                                                         : Kind::other;
}

Kind kind_of(std::string_view name) {
  if (name.ends_with(".segment")) return Kind::segment;
  return name == "position" ? Kind::position : Kind::other;
}

}  // namespace

extern "C" {

int openat(int folder, const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  static auto* const call = real<int(int, const char*, int, ...)>("openat");
  const Kind kind = kind_of(name);
  const bool creates = kind == Kind::segment && (flags & O_CREAT) != 0;
  if (creates) {
    if (int64_t error = due(Point::before_creation); error > 0) return fails(error);
  }
  int file = call(folder, name, flags, mode);
  if (file >= 0 && static_cast<size_t>(file) < kFiles) kinds[static_cast<size_t>(file)] = kind;
  if (creates) due(Point::created);
  return file;
}

ssize_t pwritev(int file, const iovec* parts, int count, off_t offset) {
  static auto* const call = real<ssize_t(int, const iovec*, int, off_t)>("pwritev");
  const Kind kind = kind_of(file);
  if (kind == Kind::other) return call(file, parts, count, offset);
  const bool segment = kind == Kind::segment;
  const int64_t error = due(segment ? Point::before_write : Point::before_position);
  if (error > 0) return fails(error);
  const Orders& all = *orders;
  const auto half = static_cast<int64_t>(segment ? Point::half_written : Point::half_position);
  if (error < 0 || (all.point == half && all.times == 1)) {
    const iovec first = {parts[0].iov_base, parts[0].iov_len / 2};
    const ssize_t size = call(file, &first, 1, offset);
    due(static_cast<Point>(half));
    return size;
  }
  if (all.point == half) due(static_cast<Point>(half));
  const ssize_t size = call(file, parts, count, offset);
  due(segment ? Point::written : Point::position_written);
  return size;
}

int fdatasync(int file) {
  static auto* const call = real<int(int)>("fdatasync");
  if (kind_of(file) != Kind::segment) return call(file);
  if (int64_t error = due(Point::before_sync); error > 0) return fails(error);
  const int result = call(file);
  due(Point::synced);
  return result;
}

int fsync(int file) {
  static auto* const call = real<int(int)>("fsync");
  const int result = call(file);
  if (int64_t error = due(Point::names_synced); error > 0) return fails(error);
  return result;
}

int unlinkat(int folder, const char* name, int flags) {
  static auto* const call = real<int(int, const char*, int)>("unlinkat");
  if (kind_of(name) != Kind::segment) return call(folder, name, flags);
  if (int64_t error = due(Point::before_removal); error > 0) return fails(error);
  const int result = call(folder, name, flags);
  due(Point::removed);
  return result;
}
}
