#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>

namespace redactd::test {

/// Runs `context` until `condition` holds; false when it still does not after `limit`.
template <typename Condition>
bool run_until(boost::asio::io_context& context, Condition condition,
               std::chrono::milliseconds limit = std::chrono::seconds(60)) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    context.restart();
    context.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace redactd::test
