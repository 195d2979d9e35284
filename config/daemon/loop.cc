#include "config/daemon/loop.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "filters/byte_class.h"

namespace redactd {
namespace {

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(family, address, text.data(), text.size());
  return text.data();
}

bool is_own_name(const std::string& host) {
  std::array<char, 256> name = {};
  if (gethostname(name.data(), name.size() - 1) != 0) return false;
  std::string own = name.data();
  std::transform(own.begin(), own.end(), own.begin(), to_lower);  // as parse_address() has it
  return !host.empty() && host == own;
}

bool is_own_address(const std::string& host) {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, freeifaddrs);
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr);
    if (v4->sin_family == AF_INET && text_of(AF_INET, &v4->sin_addr) == host) return true;
    if (v4->sin_family == AF_INET6 && text_of(AF_INET6, &v6->sin6_addr) == host) return true;
  }
  return false;
}

/// No name server is asked. `localhost` may be any of the loopback addresses.
bool reaches(const Address& endpoint, const Address& listen) {
  if (!is_ip(endpoint.transport)) return collide(endpoint, listen);
  if (collide(endpoint, listen)) {
    return endpoint.host == listen.host || is_loopback(endpoint) || is_own_name(endpoint.host) ||
           is_own_address(endpoint.host);
  }
  if (!is_loopback(endpoint)) return false;
  Address named = listen;
  named.host = endpoint.host;
  bool by_name = endpoint.host == "localhost" || listen.host == "localhost";
  return by_name && is_ip(listen.transport) && is_loopback(listen) && collide(endpoint, named);
}

}  // namespace

bool leads_back(const Address& endpoint, const SourceConfig& source) {
  return has_address(source) && reaches(endpoint, source.listen);
}

bool leads_back(const SinkConfig& sink, const SourceConfig& source) {
  if (!sink.path.empty() && plain_path(sink.path) == plain_path(source.path)) return true;
  return std::any_of(sink.endpoints.begin(), sink.endpoints.end(),
                     [&](const Address& endpoint) { return leads_back(endpoint, source); });
}

bool has_address(const SourceConfig& source) {
  return !source.listen.port.empty() || !source.listen.path.empty() ||
         source.listen.transport == Address::Transport::systemd;
}

std::string plain_path(const std::string& path) {
  std::filesystem::path plain = std::filesystem::path(path).lexically_normal();
  return (plain.has_filename() ? plain : plain.parent_path()).string();
}

}  // namespace redactd
