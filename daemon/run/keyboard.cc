#include "daemon/run/keyboard.h"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace redactd {

void Keyboard::read() {
  std::array<char, 4096> keys{};
  ssize_t size = ::read(STDIN_FILENO, keys.data(), keys.size());
  if (size > 0) {
    held_.assign(keys.data(), static_cast<size_t>(size));
    write();
  } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
    ended_ = true;  // the terminal is gone; a hang-up signal says so as well
  }
}

void Keyboard::write() {
  ssize_t size = ::write(program_, held_.data(), held_.size());
  if (size > 0) {
    held_.erase(0, static_cast<size_t>(size));
  } else if (errno != EINTR && errno != EAGAIN) {
    held_.clear();  // the program is gone
  }
}

}  // namespace redactd
