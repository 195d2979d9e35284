#include "daemon/pipeline/command_pieces.h"

#include <algorithm>

namespace redactd {

size_t CommandPieces::next(std::string_view bytes) {
  if (inside_) return 1;
  const size_t kept = tail_.size();
  tail_ += bytes.substr(0, marker_.size() - 1);
  size_t at = tail_.find(marker_);
  if (at == std::string::npos) {
    at = bytes.find(marker_);
    if (at != std::string_view::npos) at += kept;
  }
  inside_ = at != std::string::npos;
  size_t taken = inside_ ? at + marker_.size() - kept : bytes.size();
  tail_.resize(kept);
  tail_ += bytes.substr(taken - std::min(taken, marker_.size() - 1),
                        std::min(taken, marker_.size() - 1));
  tail_.erase(0, tail_.size() - std::min(tail_.size(), marker_.size() - 1));
  if (inside_) tail_.clear();
  return taken;
}

}  // namespace redactd
