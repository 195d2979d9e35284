#include "config/daemon/source_config.h"

#include "config/daemon/tls_config.h"

namespace redactd {
namespace {

using namespace std::chrono_literals;
using Transport = Address::Transport;
using Type = SourceConfig::Type;

constexpr size_t kGreatestFrame = 999999999;  // nine digits
constexpr Range<size_t> kSocketBuffer{4 << 10, size_t{1} << 30, true};

const Words kConnectionSchemes = {"tcp", "tls", "unix", "systemd"};
const Words kTypes = {"syslog", "tcp", "stdin", "file", "kubernetes", "relp"};
const Words kStarts = {"beginning", "end"};
const Words kRateKeys = {"bytes_per_second", "burst"};
const Words kContainerFormats = {"as_is", "rfc5424", "json"};
const Words kSelectionKeys = {"namespaces", "pods", "containers"};
constexpr const char* kPodLogs = "/var/log/pods";

bool always(const SourceConfig&) { return true; }
bool listens(const SourceConfig& source) {
  return source.type == Type::syslog || source.type == Type::tcp || source.type == Type::relp;
}
bool is_stream(const SourceConfig& source) {
  return listens(source) && !is_datagram(source.listen.transport);
}
bool is_framed(const SourceConfig& source) {
  return is_stream(source) && source.type != Type::relp;
}
bool is_syslog_stream(const SourceConfig& source) {
  return is_stream(source) && source.type == Type::syslog;
}
bool has_frames(const SourceConfig& source) {
  return is_syslog_stream(source) || source.type == Type::relp;
}
bool counts_octets(const SourceConfig& source) {
  return has_frames(source) &&
         (source.framing == Framing::automatic || source.framing == Framing::octet_counting);
}
bool is_tls(const SourceConfig& source) {
  return listens(source) && source.listen.transport == Transport::tls;
}
/// Unix sockets have no receive buffer, and those of systemd get theirs from it.
bool has_receive_buffer(const SourceConfig& source) {
  return listens(source) && is_ip(source.listen.transport);
}
bool is_unix(const SourceConfig& source) {
  return listens(source) && (source.listen.transport == Transport::unix_stream ||
                             source.listen.transport == Transport::unix_datagram);
}
bool is_kubernetes(const SourceConfig& source) { return source.type == Type::kubernetes; }
bool is_file(const SourceConfig& source) {
  return source.type == Type::file || is_kubernetes(source);
}

constexpr Option<SourceConfig> kOptions[] = {
    {"name", always, ""},
    {"type", always, ""},
    {"sinks", always, ""},
    {"max_record", always, ""},
    {"listen", listens, "belongs to the types syslog, tcp and relp"},
    {"receive_buffer", has_receive_buffer, "belongs to listen: tcp://, tls:// and udp://"},
    {"framing", is_framed, "belongs to stream sockets of the types syslog and tcp"},
    {"max_frame", has_frames, "belongs to stream sockets of the types syslog and relp"},
    {"tls", is_tls, "belongs to listen: tls://"},
    {"handshake_timeout", is_tls, "belongs to listen: tls://"},
    {"unix_mode", is_unix, "belongs to listen: unix:// and unixgram://"},
    {"max_connections", is_stream, "belongs to stream sockets, which have connections"},
    {"idle_timeout", is_stream, "belongs to stream sockets, which have connections"},
    {"rate", is_stream, "belongs to stream sockets, which have connections"},
    {"path", is_file, "belongs to the types file and kubernetes"},
    {"position_file", is_file, "belongs to the types file and kubernetes"},
    {"start_at", is_file, "belongs to the types file and kubernetes"},
    {"poll_interval", is_file, "belongs to the types file and kubernetes"},
    {"format", is_kubernetes, "belongs to the type kubernetes"},
    {"include", is_kubernetes, "belongs to the type kubernetes"},
    {"exclude", is_kubernetes, "belongs to the type kubernetes"},
};

Framing usual_framing(const SourceConfig& source) {
  if (source.type == Type::relp) return Framing::octet_counting;
  if (source.type != Type::syslog) return Framing::newline;
  return source.listen.transport == Transport::tls ? Framing::octet_counting : Framing::automatic;
}

/// Returns false when it cannot be told what the entry's other keys mean.
bool read_listen(const YamlReader& reader, SourceConfig& source) {
  if (!reader.has("listen")) {
    reader.fail_missing("listen",
                        "an address such as tcp://*:514, tls://*:6514, udp://*:514 or "
                        "unixgram:///dev/log");
    return false;
  }
  YamlReader listen = reader["listen"];
  std::optional<std::string> url = listen.text();
  if (!url) return false;
  std::string why;
  std::optional<Address> address =
      parse_address(*url, why, source.type == Type::syslog ? kSchemes : kConnectionSchemes);
  if (!address) {
    listen.fail(why);
    return false;
  }
  if (source.type != Type::syslog && is_datagram(address->transport)) {
    listen.fail(
        "is a datagram socket; the types tcp and relp take tcp://, tls://, unix:// and systemd://");
    return false;
  }
  source.listen = *address;
  return true;
}

void read_rate(const YamlReader& rate, RateLimit& limit) {
  if (!rate.present() || !rate.expect_map(kRateKeys)) return;
  take(rate["bytes_per_second"].bytes({1, size_t{1} << 40, true}), limit.bytes_per_second);
  take(rate["burst"].bytes({1 << 10, size_t{1} << 30}), limit.burst);
}

void read_stream(const YamlReader& reader, SourceConfig& source) {
  YamlReader framing = reader["framing"];
  take(framing.one_of(kFramings), source.framing);
  bool lines = source.framing == Framing::newline || source.framing == Framing::nul;
  if (source.type == Type::tcp && !lines)
    framing.fail("must be newline or nul with the type tcp; the type syslog counts octets");
  take(reader["max_frame"].bytes({1, kGreatestFrame}), source.max_frame);
  take(reader["max_connections"].count({1, 1000000}), source.max_connections);
  source.idle_timeout = reader["idle_timeout"].duration({100ms, 24h * 365, true});
  read_rate(reader["rate"], source.rate);
}

void read_socket(const YamlReader& reader, SourceConfig& source) {
  take(reader["receive_buffer"].bytes(kSocketBuffer), source.receive_buffer);
  take(reader["unix_mode"].mode(), source.unix_mode);
  take(reader["handshake_timeout"].duration({100ms, 10min}), source.handshake_timeout);
  if (!is_datagram(source.listen.transport)) read_stream(reader, source);
}

void read_tls(const YamlReader& reader, SourceConfig& source, bool known) {
  if (is_tls(source) || (!known && reader.has("tls"))) source.tls = read_server_tls(reader);
}

/// What the entry can be by its type, whatever its address was meant to be.
std::vector<SourceConfig> with_any_address(const SourceConfig& source) {
  std::vector<SourceConfig> possible;
  for (size_t i = 0; i < kSchemes.size(); ++i) {
    possible.push_back(source);
    possible.back().listen.transport = static_cast<Transport>(i);
  }
  return possible;
}

void read_file(const YamlReader& reader, SourceConfig& source) {
  take(reader["path"].file_path(), source.path);
  if (reader.has("path") && source.path.find_first_of("*?") != std::string::npos)
    reader["path"].warn(
        "is one file's; * and ? stand for themselves, not for the files of a pattern");
  take(reader["position_file"].file_path(), source.position_file);
  take(reader["start_at"].one_of(kStarts), source.start_at);
  take(reader["poll_interval"].duration({10ms, 1h}), source.poll_interval);
}

PodSelection read_selection(const YamlReader& reader) {
  PodSelection selection;
  if (!reader.expect_map(kSelectionKeys)) return selection;
  selection.namespaces = reader["namespaces"].texts();
  selection.pods = reader["pods"].texts();
  selection.containers = reader["containers"].texts();
  if (selection == PodSelection())
    reader.fail("names nothing; give namespaces, pods or containers");
  return selection;
}

void read_kubernetes(const YamlReader& reader, SourceConfig& source) {
  take(reader["format"].one_of(kContainerFormats), source.format);
  if (reader.has("include")) source.include = read_selection(reader["include"]);
  for (const YamlReader& item : reader["exclude"].items())
    source.exclude.push_back(read_selection(item));
}

/// Of an entry whose type is missing or wrong: each value by itself.
void read_values(const YamlReader& reader, SourceConfig& source) {
  if (reader.has("listen")) read_listen(reader, source);
  read_socket(reader, source);
  read_tls(reader, source, false);
  read_file(reader, source);
  read_kubernetes(reader, source);
}

}  // namespace

const Words kFramings = {"auto", "octet-counting", "newline", "nul"};

SourceConfig read_source(const YamlReader& reader) {
  SourceConfig source;
  if (!reader.expect_map(keys_of(kOptions))) return source;
  source.name = read_name(reader);
  const YamlReader sinks = reader["sinks"];
  source.sinks = sinks.texts();
  if (reader.names("sinks") && source.sinks.empty() && (sinks.is_list() || !sinks.present()))
    sinks.fail("names no sink; leave it out where all are meant");
  take(reader["max_record"].bytes({1, kGreatestMaxRecord}), source.max_record);
  if (!reader.has("type"))
    reader.fail_missing("type", "one of syslog, tcp, stdin, file, kubernetes, relp");
  std::optional<size_t> type = reader["type"].one_of(kTypes);
  if (!type) {
    read_values(reader, source);
    return source;
  }
  source.type = static_cast<Type>(*type);
  bool known = !listens(source) || read_listen(reader, source);
  source.framing = usual_framing(source);
  if (listens(source)) {
    read_socket(reader, source);
    read_tls(reader, source, known);
  }
  if (is_kubernetes(source)) source.path = kPodLogs;
  if (is_file(source)) {
    if (source.path.empty() && !reader.has("path"))
      reader.fail_missing("path", "the file to follow");
    read_file(reader, source);
  }
  if (is_kubernetes(source)) read_kubernetes(reader, source);
  check_belonging(reader, kOptions,
                  known ? std::vector<SourceConfig>{source} : with_any_address(source));
  bool framed = known || reader.has("max_frame");
  if (framed && counts_octets(source) && source.max_frame < source.max_record) {
    reader[reader.has("max_frame") ? "max_frame" : "max_record"].fail(
        "max_frame (" + bytes_text(source.max_frame) + ") is less than max_record (" +
        bytes_text(source.max_record) + ")");
  }
  return source;
}

void add_source_options(OptionTable& table) {
  table.keys["sources[]"] = keys_of(kOptions);
  table.keys["sources[].rate"] = kRateKeys;
  table.keys["sources[].tls"] = kServerTlsKeys;
  table.words["sources[].type"] = kTypes;
  table.words["sources[].framing"] = kFramings;
  table.words["sources[].start_at"] = kStarts;
  table.keys["sources[].include"] = kSelectionKeys;
  table.keys["sources[].exclude[]"] = kSelectionKeys;
  table.words["sources[].format"] = kContainerFormats;
  table.words["sources[].tls.client_certificate"] = kClientCertificates;
  table.words["sources[].tls.min_version"] = kTlsVersions;
}

}  // namespace redactd
