#include "config/daemon/loop.h"

#include <algorithm>
#include <filesystem>

namespace redactd {
namespace {

/// `localhost` may be any of the loopback addresses.
bool reaches(const Address& endpoint, const Address& listen) {
  if (!is_ip(endpoint.transport)) return collide(endpoint, listen);
  if (!is_loopback(endpoint)) return false;
  if (collide(endpoint, listen)) return true;
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
