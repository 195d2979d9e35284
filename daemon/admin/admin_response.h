#pragma once

// What the admin endpoint answers to a request: everything but sockets. Nothing here shows payload
// or the configuration.

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redactd {

using AdminRequest = boost::beast::http::request<boost::beast::http::string_body>;
using AdminResponse = boost::beast::http::response<boost::beast::http::string_body>;
using AdminParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

/// How a reload went.
struct ReloadResult {
  std::string errors;         // one a line; "": the new configuration is in force
  std::string until_restart;  // what of it is not before a restart, one a line
};

/// Where the answers come from. All are called on the control thread and may not block.
struct AdminHooks {
  using Reloaded = std::function<void(const ReloadResult& result)>;

  std::function<std::string()> metrics;  // Prometheus text format
  std::function<std::vector<std::string>()>
      unhealthy;  // why redactd should be restarted; empty: it is well
  std::function<std::vector<std::string>()>
      not_ready;                         // why it should get no traffic; empty: it is ready
  std::function<void(Reloaded)> reload;  // calls back once, on the control thread, at once or later
};

constexpr size_t kAdminMaxHeader = 8 * 1024;
constexpr size_t kAdminMaxBody = 4 * 1024;

/// Sets the limits.
void limit(AdminParser& parser);

/// RFC 9112 §3.2: it may be missing in HTTP/1.0 alone. Of two, a proxy before this may see the
/// other.
bool names_one_host(const AdminRequest& request);

/// The answer; none to a `POST /-/reload` that may be done: the caller runs the reload and answers
/// with reload_response(). `token`: of the configuration; empty: nobody has to show one. /healthz
/// and /readyz answer without a token, for probes of orchestrators have none, but show no reasons
/// then.
std::optional<AdminResponse> respond(const AdminRequest& request, std::string_view token,
                                     const AdminHooks& hooks);

AdminResponse reload_response(const AdminRequest& request, const ReloadResult& result);

/// To a request that `error` made unreadable; the connection is to be closed behind it.
AdminResponse refuse(boost::beast::error_code error);

}  // namespace redactd
