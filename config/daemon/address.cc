#include "config/daemon/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "config/diagnostic.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

using Transport = Address::Transport;

constexpr std::string_view kSeparator = "://";
constexpr size_t kLongestHost = 253;
constexpr size_t kLongestSocketPath = sizeof(sockaddr_un{}.sun_path) - 1;

bool is_ipv4(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

/// With or without a zone: fe80::1%eth0.
bool is_ipv6(const std::string& host) {
  size_t zone = host.find('%');
  in6_addr address;
  return inet_pton(AF_INET6, host.substr(0, zone).c_str(), &address) == 1 &&
         (zone == std::string::npos || zone + 1 < host.size());
}

/// It stands for one machine on each link.
bool lacks_interface(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

bool is_name(const std::string& host) {
  return !host.empty() && host.size() <= kLongestHost && host.front() != '-' &&
         host.front() != '.' && host.find("..") == std::string::npos &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_port(std::string_view port) {
  if (!port.empty() && std::all_of(port.begin(), port.end(), is_digit)) {
    unsigned number = 0;
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    bool zeros = port.size() > 1 && port[0] == '0';
    return error == std::errc() && number <= 65535 && !zeros;
  }
  return !port.empty() && port.size() <= 15 && port.front() != '-' &&
         std::all_of(port.begin(), port.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

/// One spelling of all that mean the same, but for a zone. IPv4 within IPv6 is IPv4 to every
/// socket.
std::string plain_host(std::string host) {
  if (host.find('%') != std::string::npos) return host;
  std::transform(host.begin(), host.end(), host.begin(), to_lower);
  in6_addr parsed = {};
  if (inet_pton(AF_INET6, host.c_str(), &parsed) != 1) return host;
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (IN6_IS_ADDR_V4MAPPED(&parsed))
    return inet_ntop(AF_INET, &parsed.s6_addr[12], text.data(), text.size());
  return inet_ntop(AF_INET6, &parsed, text.data(), text.size());
}

std::string refuse_host(const std::string& host, bool bracketed) {
  if (host.empty()) return "names no host; * stands for all addresses";
  if (host.find('@') != std::string::npos) return "may hold no user and no password";
  if (bracketed && lacks_interface(host))
    return "has a link-local address, which needs its interface: tcp://[fe80::1%eth0]:514";
  if (bracketed) return is_ipv6(host) ? "" : "has no IPv6 address between the brackets";
  if (host == "*" || is_ipv4(host)) return "";
  if (host.find(':') != std::string::npos)
    return "has more than one colon; an IPv6 address stands in brackets: tcp://[::1]:514";
  bool numeric =
      std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  if (numeric) return "has no valid IPv4 address";
  return is_name(host) ? "" : "has no valid host name";
}

std::string parse_host_and_port(std::string_view rest, Address& address) {
  if (rest.find_first_of("/?#") != std::string_view::npos)
    return "must end after the port: tcp://host:514";
  bool bracketed = rest.starts_with('[');
  size_t host_end = bracketed ? rest.find(']') : rest.rfind(':');
  if (bracketed && host_end == std::string_view::npos) return "has a [ without a ]";
  address.host = rest.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
  if (std::string why = refuse_host(address.host, bracketed); !why.empty()) return why;
  address.host = plain_host(address.host);
  std::string_view after = host_end == std::string_view::npos ? "" : rest.substr(host_end);
  if (bracketed) after.remove_prefix(1);
  if (!after.starts_with(':')) return "names no port: tcp://host:514";
  address.port = after.substr(1);
  return is_port(address.port) ? "" : "has no valid port: a number up to 65535, or a service name";
}

std::string parse_socket_path(std::string_view rest, Address& address) {
  address.path = rest;
  if (!rest.starts_with('/')) return "must hold an absolute path: unix:///run/redactd.sock";
  if (rest.find('\0') != std::string_view::npos || rest.ends_with('/')) return "has no valid path";
  if (rest.size() > kLongestSocketPath)
    return "has a path of more than " + std::to_string(kLongestSocketPath) + " bytes";
  return "";
}

std::string parse_socket_name(std::string_view rest, Address& address) {
  address.path = rest;
  bool fit = std::all_of(rest.begin(), rest.end(),
                         [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
  return fit ? "" : "must hold the name of a socket unit's FileDescriptorName: systemd://syslog";
}

/// `::` is IPv6 alone, `0.0.0.0` IPv4 alone, `*` both. A name may stand for anything.
bool hosts_collide(const std::string& a, const std::string& b) {
  if (a == b || a == "*" || b == "*") return true;
  bool any = a == "::" || a == "0.0.0.0" || b == "::" || b == "0.0.0.0";
  bool name = !is_ipv4(a) && !is_ipv6(a);
  name = name || (!is_ipv4(b) && !is_ipv6(b));
  return any && (name || is_ipv6(a) == is_ipv6(b));
}

std::string alternatives(const std::vector<std::string_view>& schemes) {
  std::string all;
  for (size_t i = 0; i < schemes.size(); ++i) {
    if (i > 0) all += i + 1 < schemes.size() ? ", " : " or ";
    all.append(schemes[i]).append(kSeparator);
  }
  return all;
}

}  // namespace

const std::vector<std::string_view> kSchemes = {"tcp", "tls", "udp", "unix", "unixgram", "systemd"};

bool is_datagram(Transport transport) {
  return transport == Transport::udp || transport == Transport::unix_datagram;
}

bool is_ip(Transport transport) {
  return transport == Transport::tcp || transport == Transport::tls || transport == Transport::udp;
}

bool is_loopback(const Address& address) {
  if (!is_ip(address.transport)) return true;
  return address.host == "localhost" || address.host == "::1" ||
         (is_ipv4(address.host) && address.host.starts_with("127."));
}

std::optional<Address> parse_address(std::string_view url, std::string& error,
                                     const std::vector<std::string_view>& fitting) {
  Address address;
  size_t scheme_end = url.find(kSeparator);
  std::string_view scheme = url.substr(0, scheme_end);
  auto found = std::find(kSchemes.begin(), kSchemes.end(), scheme);
  if (scheme_end == std::string_view::npos || found == kSchemes.end()) {
    error = "must begin with " + alternatives(fitting);
    if (scheme_end != std::string_view::npos) error += did_you_mean(scheme, fitting);
    return std::nullopt;
  }
  address.transport = static_cast<Transport>(found - kSchemes.begin());
  std::string_view rest = url.substr(scheme_end + kSeparator.size());
  error = is_ip(address.transport)                  ? parse_host_and_port(rest, address)
          : address.transport == Transport::systemd ? parse_socket_name(rest, address)
                                                    : parse_socket_path(rest, address);
  if (!error.empty()) return std::nullopt;
  return address;
}

std::string to_string(const Address& address) {
  std::string url(kSchemes[static_cast<size_t>(address.transport)]);
  url += kSeparator;
  if (!is_ip(address.transport)) return url + address.path;
  bool brackets = address.host.find(':') != std::string::npos;
  return url + (brackets ? "[" + address.host + "]" : address.host) + ":" + address.port;
}

bool collide(const Address& a, const Address& b) {
  if (is_ip(a.transport) != is_ip(b.transport)) return false;
  if (is_ip(a.transport)) {
    return (a.transport == Transport::udp) == (b.transport == Transport::udp) && a.port == b.port &&
           a.port != "0" && hosts_collide(a.host, b.host);
  }
  bool systemd = a.transport == Transport::systemd;
  if (systemd != (b.transport == Transport::systemd)) return false;
  return a.path == b.path || (systemd && (a.path.empty() || b.path.empty()));
}

}  // namespace redactd
