// The loader of the daemon's configuration on any text: errors are reported, never thrown, and what
// is taken keeps the promises that the rest of the daemon relies on.

#include <set>

#include "config/daemon/daemon_config.h"
#include "tests/fuzz/require.h"

namespace redactd {
namespace {

using fuzz::require;

/// A machine on which every variable is set and no file can be read.
const Surroundings kMachine = {[](const std::string& name) { return name.substr(0, 3); },
                               [](const std::string&, std::string& error) {
                                 error = "not here";
                                 return std::nullopt;
                               }};

void check_address(const Address& address) {
  std::string error;
  std::optional<Address> again = parse_address(to_string(address), error);
  require(again && *again == address, "an address is read otherwise than it is written");
}

void check_source(const SourceConfig& source) {
  bool listens =
      source.type == SourceConfig::Type::syslog || source.type == SourceConfig::Type::tcp;
  if (listens) check_address(source.listen);
  require(listens || source.framing == Framing::newline, "no lines in a file");
  require(source.type != SourceConfig::Type::file || !source.path.empty(), "no file to follow");
  require(source.listen.transport != Address::Transport::tls || !source.tls.key.empty(), "no key");
  require(source.max_record > 0 && source.max_connections > 0, "no room");
  require(source.poll_interval.count() > 0, "no pause");
}

void check_sink(const SinkConfig& sink) {
  using Type = SinkConfig::Type;
  bool connects = sink.type == Type::syslog || sink.type == Type::tcp || sink.type == Type::unix_;
  require(connects != sink.endpoints.empty(), "endpoints where there are none");
  for (const Address& endpoint : sink.endpoints) {
    check_address(endpoint);
    require(endpoint.transport == sink.endpoints[0].transport, "endpoints of several kinds");
  }
  require(sink.framing != Framing::automatic, "a sink has no framing");
  require(sink.reconnect_min.count() > 0 && sink.reconnect_min <= sink.reconnect_max, "no backoff");
  require(sink.type != Type::file || !sink.path.empty(), "no file to write");
}

void check_config(const DaemonConfig& config) {
  require(!config.sources.empty() && !config.sinks.empty(), "nothing to do");
  std::set<std::string> names;
  for (const SinkConfig& sink : config.sinks) {
    require(names.insert(sink.name).second, "two sinks of one name");
    check_sink(sink);
  }
  for (const SourceConfig& source : config.sources) {
    check_source(source);
    for (const std::string& sink : source.sinks) require(names.count(sink) == 1, "no such sink");
  }
  bool reached = config.admin.on && !is_loopback(config.admin.listen) && !config.admin.allow_remote;
  require(!reached || config.admin.listen.transport == Address::Transport::tls, "admin in clear");
}

}  // namespace
}  // namespace redactd

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd;
  std::string text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  DaemonConfig config = parse_daemon_config(text, "fuzz.yaml", kMachine, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    fuzz::require(!diagnostic.message.empty(), "a diagnostic says nothing");
    fuzz::require(!diagnostic.location.file.empty(), "a diagnostic has no place");
  }
  if (diagnostics.empty()) check_config(config);
  return 0;
}
