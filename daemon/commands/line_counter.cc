#include "daemon/commands/line_counter.h"

namespace redactd {

void LineCounter::feed(std::string_view bytes) {
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1))
    starts_.push_back(seen_ + at + 1);
  seen_ += bytes.size();
}

LineCounter::Place LineCounter::locate(uint64_t offset) {
  while (next_ < starts_.size() && starts_[next_] <= offset) {
    ++line_;
    line_start_ = starts_[next_++];
  }
  if (next_ > 4096) {
    starts_.erase(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
  }
  return {line_, offset - line_start_ + 1, line_start_};
}

}  // namespace redactd
