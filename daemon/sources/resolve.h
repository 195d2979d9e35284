#pragma once

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// The endpoints to bind for `tcp://host:port` or `udp://host:port`: all addresses of a name; for
/// `*` one, which is all addresses of IPv6 and IPv4 where there is IPv6, else of IPv4. Throws
/// boost::system::system_error.
template <typename Protocol>
std::vector<typename Protocol::endpoint> resolve_listen(const Address& address) {
  using Endpoint = typename Protocol::endpoint;
  boost::asio::io_context context;
  typename Protocol::resolver resolver(context);
  constexpr auto kFlags = Protocol::resolver::passive;
  std::vector<Endpoint> endpoints;
  const std::string host = address.host == "*" ? "0.0.0.0" : address.host;
  for (const auto& found : resolver.resolve(host, address.port, kFlags)) {
    if (std::find(endpoints.begin(), endpoints.end(), found.endpoint()) == endpoints.end())
      endpoints.push_back(found.endpoint());
  }
  if (address.host != "*") return endpoints;
  boost::system::error_code no_ipv6;
  typename Protocol::socket probe(context);
  probe.open(Protocol::v6(), no_ipv6);
  if (!no_ipv6) endpoints.assign(1, Endpoint(Protocol::v6(), endpoints.front().port()));
  return endpoints;
}

/// Calls `bind` for each endpoint of resolve_listen(). Of a name's addresses those that this
/// machine lacks are left out, ::1 where there is no IPv6, if it has one of them. Throws
/// boost::system::system_error.
template <typename Protocol>
void bind_each(const Address& address,
               const std::function<void(const typename Protocol::endpoint&)>& bind) {
  size_t bound = 0;
  std::optional<boost::system::system_error> lacking;
  for (const auto& endpoint : resolve_listen<Protocol>(address)) {
    try {
      bind(endpoint);
      ++bound;
    } catch (const boost::system::system_error& error) {
      if (error.code() != boost::system::errc::address_not_available &&
          error.code() != boost::asio::error::address_family_not_supported)
        throw;
      lacking = error;
    }
  }
  if (bound == 0) throw lacking.value();
}

/// What kind of socket the service manager has handed over.
struct PassedKind {
  int family = 0;  // AF_INET, AF_INET6, AF_UNIX
  bool stream = false;
  bool listens = false;
  bool datagram = false;
};
PassedKind passed_kind(int descriptor);

}  // namespace redactd
