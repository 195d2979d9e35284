#pragma once

// Addresses as URLs: tcp://0.0.0.0:514, tls://[::]:6514, udp://*:514, unix:///run/x.sock,
// unixgram:///dev/log, systemd://NAME.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redactd {

/// Where a source listens or a sink connects to, as its URL says it.
struct Address {
  enum class Transport { tcp, tls, udp, unix_stream, unix_datagram, systemd };
  Transport transport = Transport::tcp;
  std::string host;  // IPv4, IPv6 (without brackets) or a name; `*`: every address, one dual-stack
                     // socket; `::`: IPv6 only
  std::string port;  // number or service name
  std::string path;  // unix_*: of the socket; systemd: the socket's name, empty: every socket
                     // handed over

  bool operator==(const Address&) const = default;
};

/// `tcp`, `tls`, `udp`, `unix`, `unixgram`, `systemd`, in the order of the enum.
extern const std::vector<std::string_view> kSchemes;

/// Nothing, with the reason in `error`, when `url` is no address. The reason does not show the URL.
/// Of a URL without a scheme, or with one of nobody's, it names those in `fitting`.
std::optional<Address> parse_address(std::string_view url, std::string& error,
                                     const std::vector<std::string_view>& fitting = kSchemes);

/// The URL.
std::string to_string(const Address& address);

bool is_datagram(Address::Transport transport);  // udp, unixgram
bool is_ip(Address::Transport transport);        // tcp, tls, udp
bool is_loopback(const Address& address);        // by its text: 127.0.0.0/8, ::1, localhost

/// Whether both cannot be listened on at once.
bool collide(const Address& a, const Address& b);

}  // namespace redactd
