#include "daemon/sources/relp_receipt.h"

#include <boost/asio/post.hpp>

namespace redactd {

SafeCommands::SafeCommands(boost::asio::io_context& home, std::function<void()> wake)
    : home_(home), wake_(std::move(wake)) {}

void SafeCommands::add(std::vector<uint64_t> commands) {
  std::lock_guard lock(mutex_);
  if (!wake_) return;
  if (commands_.empty()) boost::asio::post(home_, wake_);
  commands_.insert(commands_.end(), commands.begin(), commands.end());
}

std::vector<uint64_t> SafeCommands::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(commands_, {});
}

void SafeCommands::close() {
  std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

}  // namespace redactd
