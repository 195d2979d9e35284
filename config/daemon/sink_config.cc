#include "config/daemon/sink_config.h"

#include <algorithm>

#include "config/daemon/source_config.h"
#include "config/daemon/tls_config.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

using namespace std::chrono_literals;
using Transport = Address::Transport;
using Type = SinkConfig::Type;

constexpr size_t kLongestHostname = 255;  // RFC 5424 §6
constexpr size_t kLongestAppName = 48;
constexpr Milliseconds kLongestKeepalive = 9h;  // TCP_KEEPIDLE takes 32767 s at most
constexpr Range<size_t> kSocketBuffer{4 << 10, size_t{1} << 30, true};

const Words kTypes = {"syslog", "tcp", "unix", "stdout", "file", "relp"};
const Words kNetworkSchemes = {"tcp", "tls"};
const Words kLocalSchemes = {"unix", "unixgram"};
const Words kSinkSchemes = {"tcp", "tls", "unix", "unixgram"};
const Words kBalances = {"failover", "round_robin"};
const Words kWhenFull = {"block", "drop_newest", "drop_oldest"};
const Words kSpoolKeys = {"directory", "max_size",       "segment_size",
                          "fsync",     "fsync_interval", "when_full"};
const Words kFsyncs = {"always", "interval", "never"};
const Words kWhenSpoolFull = {"block", "drop_oldest"};
const Words kWrapKeys = {"enabled", "hostname", "app_name", "facility", "severity"};
const Words kFacilities = {"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                           "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                           "ntp",    "audit",  "alert",  "clock",  "local0",   "local1",
                           "local2", "local3", "local4", "local5", "local6",   "local7"};
const Words kSeverities = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

bool always(const SinkConfig&) { return true; }
bool is_network(const SinkConfig& sink) {
  return sink.type == Type::syslog || sink.type == Type::tcp || sink.type == Type::relp;
}
bool connects(const SinkConfig& sink) { return is_network(sink) || sink.type == Type::unix_; }
bool has(const SinkConfig& sink, Transport transport) {
  return std::any_of(sink.endpoints.begin(), sink.endpoints.end(),
                     [&](const Address& a) { return a.transport == transport; });
}
bool is_stream(const SinkConfig& sink) { return !has(sink, Transport::unix_datagram); }
/// RELP tells records apart by itself, as datagrams do.
bool is_framed(const SinkConfig& sink) { return is_stream(sink) && sink.type != Type::relp; }
bool is_tls(const SinkConfig& sink) { return has(sink, Transport::tls); }
bool is_file(const SinkConfig& sink) { return sink.type == Type::file; }

constexpr const char* kConnecting = "belongs to the types syslog, tcp, unix and relp";
constexpr const char* kNetwork = "belongs to the types syslog, tcp and relp";

constexpr Option<SinkConfig> kOptions[] = {
    {"name", always, ""},
    {"type", always, ""},
    {"queue_bytes", always, ""},
    {"when_full", always, ""},
    {"wrap", always, ""},
    {"framing", is_framed, "belongs to streams; datagrams and RELP's commands are one record each"},
    {"endpoints", connects, kConnecting},
    {"balance", connects, kConnecting},
    {"connect_timeout", connects, kConnecting},
    {"reconnect_min", connects, kConnecting},
    {"reconnect_max", connects, kConnecting},
    {"return_interval", connects, kConnecting},
    {"send_buffer", connects, kConnecting},
    {"spool", connects, kConnecting},
    {"keepalive", is_network, kNetwork},
    {"peer_timeout", is_network, kNetwork},
    {"tls", is_tls, "belongs to tls:// endpoints"},
    {"path", is_file, "belongs to the type file"},
    {"file_mode", is_file, "belongs to the type file"},
};

bool is_visible(const std::string& text, size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// A syslog code by its name or its number.
void read_code(const YamlReader& reader, const Words& names, unsigned& code) {
  std::optional<std::string> value = reader.text();
  if (!value) return;
  bool number = !value->empty() && std::all_of(value->begin(), value->end(), is_digit);
  if (number) {
    take(reader.count({0, names.size() - 1}), code);
  } else {
    take(reader.one_of(names), code);
  }
}

void read_wrap(const YamlReader& reader, WrapConfig& wrap) {
  if (!reader.present() || !reader.expect_map(kWrapKeys)) return;
  if (!reader["enabled"].present()) reader.warn("does nothing without enabled: true");
  take(reader["enabled"].boolean(), wrap.on);
  take(reader["hostname"].text(), wrap.hostname);
  if (!wrap.hostname.empty() && !is_visible(wrap.hostname, kLongestHostname))
    reader["hostname"].fail("must be at most 255 visible ASCII characters");
  take(reader["app_name"].text(), wrap.app_name);
  if (!is_visible(wrap.app_name, kLongestAppName))
    reader["app_name"].fail("must be 1 to 48 visible ASCII characters");
  read_code(reader["facility"], kFacilities, wrap.facility);
  read_code(reader["severity"], kSeverities, wrap.severity);
}

/// An address to listen on, which connect() takes for this machine.
bool is_any(const std::string& host) { return host == "*" || host == "0.0.0.0" || host == "::"; }

std::string refuse_endpoint(const SinkConfig& sink, const Address& address) {
  bool tcp = address.transport == Transport::tcp || address.transport == Transport::tls;
  bool local =
      address.transport == Transport::unix_stream || address.transport == Transport::unix_datagram;
  if (is_network(sink) && !tcp)
    return "must be tcp:// or tls:// with the types syslog, tcp and relp";
  if (sink.type == Type::unix_ && !local)
    return "must be unix:// or unixgram:// with the type unix";
  if (tcp && is_any(address.host)) return "must name a host to connect to";
  if (tcp && address.port == "0") return "must name a port to connect to";
  if (std::find(sink.endpoints.begin(), sink.endpoints.end(), address) != sink.endpoints.end())
    return "stands in the list already";
  if (!sink.endpoints.empty() && sink.endpoints.front().transport != address.transport)
    return "must be like the first one: a sink does not change between tls:// and tcp://, or "
           "unix:// and unixgram://";
  return "";
}

std::optional<Address> read_address(const YamlReader& item, const Words& schemes) {
  std::optional<std::string> url = item.text();
  if (!url) return std::nullopt;
  std::string why;
  std::optional<Address> address = parse_address(*url, why, schemes);
  if (!address) item.fail(why);
  return address;
}

void read_endpoints(const YamlReader& reader, SinkConfig& sink) {
  YamlReader list = reader["endpoints"];
  if (!list.present() || (list.is_list() && list.items().empty())) {
    reader.fail_missing("endpoints", "a list of addresses such as tcp://host:514");
    return;
  }
  for (const YamlReader& item : list.items()) {
    std::optional<Address> address =
        read_address(item, is_network(sink) ? kNetworkSchemes : kLocalSchemes);
    if (!address) continue;
    if (std::string why = refuse_endpoint(sink, *address); !why.empty()) {
      item.fail(why);
    } else {
      sink.endpoints.push_back(*address);
    }
  }
}

void read_connection(const YamlReader& reader, SinkConfig& sink) {
  take(reader["balance"].one_of(kBalances), sink.balance);
  take(reader["connect_timeout"].duration({100ms, 10min}), sink.connect_timeout);
  take(reader["reconnect_min"].duration({10ms, 1h}), sink.reconnect_min);
  take(reader["reconnect_max"].duration({10ms, 24h}), sink.reconnect_max);
  take(reader["return_interval"].duration({100ms, 24h}), sink.return_interval);
  take(reader["send_buffer"].bytes(kSocketBuffer), sink.send_buffer);
  take(reader["keepalive"].duration({1s, kLongestKeepalive, true}), sink.keepalive);
  take(reader["peer_timeout"].duration({1s, 24h}), sink.peer_timeout);
  if (sink.reconnect_max < sink.reconnect_min) {
    reader[reader.has("reconnect_max") ? "reconnect_max" : "reconnect_min"].fail(
        "reconnect_max (" + duration_text(sink.reconnect_max) + ") is less than reconnect_min (" +
        duration_text(sink.reconnect_min) + ")");
  }
  if (is_tls(sink) || sink.endpoints.empty()) sink.tls = read_client_tls(reader);
}

void read_spool(const YamlReader& reader, SinkConfig& sink) {
  YamlReader map = reader["spool"];
  if (!map.present() || !map.expect_map(kSpoolKeys)) return;
  SpoolConfig& spool = sink.spool;
  if (!map.has("directory")) map.fail_missing("directory", "one of its own, for this sink alone");
  take(map["directory"].file_path(), spool.directory);
  take(map["segment_size"].bytes({64 << 10, size_t{1} << 30}), spool.segment_size);
  take(map["max_size"].bytes({128 << 10, size_t{1} << 50}), spool.max_size);
  take(map["fsync"].one_of(kFsyncs), spool.fsync);
  take(map["fsync_interval"].duration({1ms, 1min}), spool.fsync_interval);
  take(map["when_full"].one_of(kWhenSpoolFull), spool.when_full);
  if (spool.max_size / 2 < spool.segment_size) {
    map[map.has("max_size") ? "max_size" : "segment_size"].fail(
        "max_size (" + bytes_text(spool.max_size) + ") is less than two segments (segment_size " +
        bytes_text(spool.segment_size) + ")");
  }
  if (sink.when_full != SinkConfig::WhenFull::block) {
    reader["when_full"].fail("must be block with a spool: spool.when_full says what is dropped");
  }
}

void read_framing(const YamlReader& reader, SinkConfig& sink) {
  YamlReader framing = reader["framing"];
  bool counted = sink.type == Type::syslog || sink.type == Type::relp;
  sink.framing = counted ? Framing::octet_counting : Framing::newline;
  std::optional<size_t> given = framing.one_of(kFramings);
  if (!given) return;
  auto wanted = static_cast<Framing>(*given);
  if (wanted == Framing::automatic) {
    framing.fail("cannot be auto in a sink: it has to be chosen");
  } else if (wanted == Framing::octet_counting && !connects(sink)) {
    framing.fail("must be newline or nul with the types stdout and file");
  } else {
    sink.framing = wanted;
  }
}

/// What the entry can be by its type, whatever its endpoints were meant to be.
std::vector<SinkConfig> with_any_endpoint(const SinkConfig& sink) {
  std::vector<SinkConfig> possible;
  for (size_t i = 0; i < kSchemes.size(); ++i) {
    possible.push_back(sink);
    possible.back().endpoints.emplace_back().transport = static_cast<Transport>(i);
  }
  return possible;
}

/// Of an entry whose type is missing or wrong: each value by itself.
void read_values(const YamlReader& reader, SinkConfig& sink) {
  reader["framing"].one_of(kFramings);
  for (const YamlReader& item : reader["endpoints"].items()) read_address(item, kSinkSchemes);
  read_connection(reader, sink);
  read_spool(reader, sink);
  take(reader["path"].file_path(), sink.path);
  take(reader["file_mode"].mode(), sink.file_mode);
}

}  // namespace

SinkConfig read_sink(const YamlReader& reader) {
  SinkConfig sink;
  if (!reader.expect_map(keys_of(kOptions))) return sink;
  sink.name = read_name(reader);
  take(reader["queue_bytes"].bytes({64 << 10, size_t{16} << 30}), sink.queue_bytes);
  take(reader["when_full"].one_of(kWhenFull), sink.when_full);
  read_wrap(reader["wrap"], sink.wrap);
  if (!reader.has("type"))
    reader.fail_missing("type", "one of syslog, tcp, unix, stdout, file, relp");
  std::optional<size_t> type = reader["type"].one_of(kTypes);
  if (!type) {
    read_values(reader, sink);
    return sink;
  }
  sink.type = static_cast<Type>(*type);
  read_framing(reader, sink);
  if (connects(sink)) {
    read_endpoints(reader, sink);
    // The datagram itself is the frame: the count is left out, and no line feed has to go.
    if (!is_stream(sink)) sink.framing = Framing::octet_counting;
    read_connection(reader, sink);
    read_spool(reader, sink);
  }
  if (is_file(sink)) {
    if (!reader.has("path")) reader.fail_missing("path", "the file to append to");
    take(reader["path"].file_path(), sink.path);
    take(reader["file_mode"].mode(), sink.file_mode);
  }
  bool known = !connects(sink) || !sink.endpoints.empty();
  check_belonging(reader, kOptions,
                  known ? std::vector<SinkConfig>{sink} : with_any_endpoint(sink));
  return sink;
}

void add_sink_options(OptionTable& table) {
  table.keys["sinks[]"] = keys_of(kOptions);
  table.keys["sinks[].wrap"] = kWrapKeys;
  table.keys["sinks[].spool"] = kSpoolKeys;
  table.keys["sinks[].tls"] = kClientTlsKeys;
  table.words["sinks[].type"] = kTypes;
  table.words["sinks[].framing"] = {kFramings.begin() + 1, kFramings.end()};
  table.words["sinks[].balance"] = kBalances;
  table.words["sinks[].when_full"] = kWhenFull;
  table.words["sinks[].spool.fsync"] = kFsyncs;
  table.words["sinks[].spool.when_full"] = kWhenSpoolFull;
  table.words["sinks[].wrap.facility"] = kFacilities;
  table.words["sinks[].wrap.severity"] = kSeverities;
  table.words["sinks[].tls.min_version"] = kTlsVersions;
}

}  // namespace redactd
