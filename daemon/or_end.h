#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

namespace redactd {

/// For co_spawn, where a coroutine has to go on as long as redactd does: what it throws ends the
/// process. Without memory a source or a sink would stand still for good otherwise, and nobody
/// would notice; the service manager starts redactd again, and spools and positions lose nothing.
/// One that was cancelled ends quietly.
struct OrEnd {
  void operator()(const std::exception_ptr& thrown) const noexcept {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
      if (error.code() != boost::asio::error::operation_aborted) std::terminate();
    } catch (...) {
      std::terminate();  // here, for it then says what was thrown
    }
  }
};
inline constexpr OrEnd kOrEnd;

}  // namespace redactd
