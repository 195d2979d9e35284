#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include "config/daemon/daemon_config.h"

namespace redactd {

/// The endpoint to bind for `tcp://host:port` or `udp://host:port`; names are looked up, `*` is all
/// addresses of IPv6 and IPv4 where there is IPv6, else of IPv4. Throws
/// boost::system::system_error.
template <typename Protocol>
typename Protocol::endpoint resolve_listen(const Address& address) {
  using Endpoint = typename Protocol::endpoint;
  boost::asio::io_context context;
  typename Protocol::resolver resolver(context);
  constexpr auto kFlags = Protocol::resolver::passive;
  if (address.host != "*")
    return Endpoint(*resolver.resolve(address.host, address.port, kFlags).begin());
  Endpoint any(*resolver.resolve("0.0.0.0", address.port, kFlags).begin());
  boost::system::error_code no_ipv6;
  typename Protocol::socket probe(context);
  probe.open(Protocol::v6(), no_ipv6);
  if (!no_ipv6) any = Endpoint(Protocol::v6(), any.port());
  return any;
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
