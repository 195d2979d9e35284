#include "daemon/run/keyboard.h"

#include <string.h>
#include <unistd.h>

#include <cerrno>

namespace redactd {

void Keyboard::read() {
  ssize_t size = ::read(STDIN_FILENO, keys_.data(), keys_.size());
  if (size > 0) {
    begin_ = 0;
    end_ = static_cast<size_t>(size);
    write();
  } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
    ended_ = true;  // the terminal is gone; a hang-up signal says so as well
  }
}

void Keyboard::write() {
  ssize_t size = ::write(program_, keys_.data() + begin_, end_ - begin_);
  if (size > 0) {
    begin_ += static_cast<size_t>(size);
    if (begin_ == end_) forget();
  } else if (errno != EINTR && errno != EAGAIN) {
    forget();  // the program is gone
  }
}

void Keyboard::forget() {
  explicit_bzero(keys_.data(), keys_.size());
  begin_ = end_ = 0;
}

}  // namespace redactd
