#pragma once

// Coroutines of the daemon: of one executor type, so that nothing is looked up at run time. Errors
// come as values: `auto [error, size] = co_await socket.async_read_some(buffer, kAwait);`
//
// g++ 12 miscompiles `while (a && co_await b)`: the loop crashes. Give the result a name in the
// body.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace redactd {

using IoExecutor = boost::asio::io_context::executor_type;
template <typename Result = void>
using Awaitable = boost::asio::awaitable<Result, IoExecutor>;
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<IoExecutor>> kAwait{
    boost::asio::use_awaitable_t<IoExecutor>{}};
/// The same for boost::asio::awaitable, which any executor runs: the admin endpoint's coroutines
/// and those of known values, which no record passes.
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<>> kAwaitAny{
    boost::asio::use_awaitable_t<>{}};
using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;

}  // namespace redactd
