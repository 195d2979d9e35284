#pragma once

// What goes with the batches of a RELP connection: when the last sink has let go of it, their
// commands are answered.

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace redactd {

/// Where receipts, on whichever thread they end, leave the numbers of their commands for the
/// connection. Thread-safe.
class SafeCommands {
 public:
  /// `wake` is run on `home` when there is something to take.
  SafeCommands(boost::asio::io_context& home, std::function<void()> wake);
  void add(std::vector<uint64_t> commands);
  std::vector<uint64_t> take();
  /// The connection is gone, and perhaps soon its home: nothing is waked any more.
  void close();

 private:
  boost::asio::io_context& home_;
  std::mutex mutex_;
  std::function<void()> wake_;  // null: closed
  std::vector<uint64_t> commands_;
};

class RelpReceipt {
 public:
  RelpReceipt(std::shared_ptr<SafeCommands> to, std::vector<uint64_t> commands)
      : to_(std::move(to)), commands_(std::move(commands)) {}
  ~RelpReceipt() { to_->add(std::move(commands_)); }
  RelpReceipt(const RelpReceipt&) = delete;

 private:
  const std::shared_ptr<SafeCommands> to_;
  std::vector<uint64_t> commands_;
};

}  // namespace redactd
