#pragma once

// What `redactd --config FILE` runs by: sources, sinks, known values, the admin endpoint and the
// process. Plain values, checked by load_daemon_config(); every default stands here and nowhere
// else. config/redactd.yaml documents each option for the reader.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/daemon/address.h"
#include "config/diagnostic.h"
#include "config/settings.h"
#include "config/surroundings.h"
#include "config/units.h"

namespace redactd {

/// How records stand in a stream of bytes (RFC 6587 §3.4). `automatic` decides once a connection,
/// on its first byte: 1 to 9 means octet counting, anything else lines.
enum class Framing { automatic, octet_counting, newline, nul };

/// Certificates and whom to believe. Paths to PEM files, checked to be readable and to fit.
struct TlsConfig {
  enum class ClientCertificate { none, optional, required };
  enum class Version { tls1_2, tls1_3 };

  std::string certificate;  // chain; a source's server certificate, a sink's client certificate
  std::string key;
  std::string ca;   // whom to believe; empty in a sink: the system's
  std::string crl;  // revoked certificates; empty: none are looked up
  ClientCertificate client_certificate = ClientCertificate::none;  // sources only
  std::vector<std::string> peer_names;  // allowed names (SAN; `*.example.org`); empty: any that the
                                        // CA vouches for, in a sink the endpoint's host
  Version min_version = Version::tls1_2;
  bool verify = true;  // sinks only; false is loud

  bool operator==(const TlsConfig&) const = default;
};

/// A token bucket for each connection; 0: no limit. Over it, reading waits: nothing is dropped.
struct RateLimit {
  size_t bytes_per_second = 0;
  size_t burst = 1 << 20;  // bytes

  bool operator==(const RateLimit&) const = default;
};

/// What becomes of a container's log lines: lines as the runtime writes them, or messages that say
/// whose they are.
enum class ContainerFormat { as_is, rfc5424, json };

/// Shell patterns (`*`, `?`, `[…]`) of the names of containers' logs; an empty list: every name.
struct PodSelection {
  std::vector<std::string> namespaces;
  std::vector<std::string> pods;
  std::vector<std::string> containers;

  bool operator==(const PodSelection&) const = default;
};

struct SourceConfig {
  enum class Type { syslog, tcp, stdin_, file, kubernetes, relp };
  /// What to do with a file that is followed for the first time. `oldest`, which the file source
  /// does not offer: at the beginning of the oldest file that it was rotated to.
  enum class StartAt { beginning, end, oldest };

  std::string name;
  Type type = Type::syslog;
  std::vector<std::string> sinks;  // names; empty: all

  // syslog, tcp, relp
  Address listen;
  Framing framing = Framing::automatic;  // of streams; a datagram is one record
  TlsConfig tls;
  unsigned unix_mode = 0660;  // permissions of a Unix socket
  size_t max_connections = 10000;
  std::optional<Milliseconds> idle_timeout;  // 0: never; nothing: see longest_idle()
  Milliseconds handshake_timeout = std::chrono::seconds(10);
  size_t receive_buffer = 0;  // SO_RCVBUF in bytes; 0: the system's
  RateLimit rate;

  // all
  size_t max_record = 256 * 1024;  // bytes; a longer one is cut there, after it was redacted
  size_t max_frame = 16 << 20;     // octet counting: a larger count closes the connection

  // file, kubernetes
  std::string path;           // of the file, or of the folder that kubelet keeps logs in
  std::string position_file;  // where the position is kept over restarts; empty: it is not
  StartAt start_at = StartAt::beginning;
  Milliseconds poll_interval = std::chrono::milliseconds(250);

  // kubernetes
  ContainerFormat format = ContainerFormat::as_is;
  PodSelection include;
  std::vector<PodSelection> exclude;  // what one of them describes in all that it says

  bool operator==(const SourceConfig&) const = default;
};

/// RFC 5424 header around lines that come from a source without one (tcp, stdin, file).
struct WrapConfig {
  bool on = false;
  std::string hostname;  // empty: this machine's
  std::string app_name = "-";
  unsigned facility = 1;  // user
  unsigned severity = 6;  // informational

  bool operator==(const WrapConfig&) const = default;
};

/// A disk buffer of a sink that connects.
struct SpoolConfig {
  enum class Fsync { always, interval, never };
  enum class WhenFull { block, drop_oldest };

  std::string directory;  // of this sink alone; empty: there is no spool
  size_t max_size = size_t{1} << 30;
  size_t segment_size = 16 << 20;  // of a file; max_size is at least twice that
  Fsync fsync = Fsync::interval;
  Milliseconds fsync_interval = std::chrono::milliseconds(200);
  WhenFull when_full = WhenFull::block;

  bool on() const { return !directory.empty(); }
  bool operator==(const SpoolConfig&) const = default;
};

struct SinkConfig {
  enum class Type { syslog, tcp, unix_, stdout_, file, relp };
  enum class Balance { failover, round_robin };
  /// What happens when the queue is full.
  enum class WhenFull { block, drop_newest, drop_oldest };

  std::string name;
  Type type = Type::stdout_;
  Framing framing = Framing::newline;  // never automatic
  WrapConfig wrap;
  size_t queue_bytes = 4 << 20;
  WhenFull when_full = WhenFull::block;

  // syslog, tcp, relp (tcp:// tls://), unix (unix:// unixgram://)
  std::vector<Address> endpoints;
  Balance balance = Balance::failover;
  TlsConfig tls;
  Milliseconds connect_timeout = std::chrono::seconds(5);
  Milliseconds reconnect_min =
      std::chrono::milliseconds(100);  // backoff doubles, with jitter, up to
  Milliseconds reconnect_max = std::chrono::seconds(10);
  Milliseconds return_interval =
      std::chrono::seconds(30);  // how often a failed first endpoint is tried again
  Milliseconds keepalive = std::chrono::seconds(30);  // idle time before TCP probes; 0: none
  Milliseconds peer_timeout =
      std::chrono::seconds(30);  // unacknowledged bytes or probes mean a dead peer
  size_t send_buffer = 0;        // SO_SNDBUF in bytes; 0: the system's
  SpoolConfig spool;

  // file
  std::string path;
  unsigned file_mode = 0640;

  bool operator==(const SinkConfig&) const = default;
};

/// Exact secrets that this machine holds; docs in config/redactd.yaml.
struct KnownValuesConfig {
  struct Path {
    enum class Format { automatic, value, lines, dotenv };
    std::string path;  // a file, or a directory: each file in it is one value, named after the file
    Format format = Format::automatic;  // .env files: dotenv; else: the whole file is one value
    std::vector<std::string>
        names;  // dotenv: keys with `*`; empty: those that look like a secret's

    bool operator==(const Path&) const = default;
  };
  struct Command {
    std::string name;               // in the mask's label
    std::vector<std::string> argv;  // no shell
    Milliseconds refresh = std::chrono::minutes(5);
    Milliseconds timeout = std::chrono::seconds(30);

    bool operator==(const Command&) const = default;
  };

  std::vector<std::string> environment;  // names with `*`: *_PASSWORD
  std::vector<Path> files;
  std::vector<Command> exec;
  std::string socket;  // path of the control socket; empty: none
  unsigned socket_mode = 0600;
  bool add_mask = false;  // ::add-mask::VALUE lines in the stream
  size_t max_values = 200000;
  bool encodings = true;  // false: only the values themselves

  bool any() const {
    return !environment.empty() || !files.empty() || !exec.empty() || !socket.empty() || add_mask;
  }
  bool operator==(const KnownValuesConfig&) const = default;
};

struct AdminConfig {
  bool on = true;
  Address listen{Address::Transport::tcp, "127.0.0.1", "9600", ""};
  std::string token;  // of `Authorization: Bearer …`; empty: none is asked for
  TlsConfig tls;
  bool allow_remote = false;  // a non-loopback address without token and TLS
};

struct LogConfig {
  enum class Level { trace, debug, info, warning, error };
  enum class Format { text, json, journald };
  Level level = Level::info;
  Format format = Format::text;
};

struct DaemonConfig {
  Settings settings;  // rules, masks, known files: what the filter has as well
  std::vector<SourceConfig> sources;
  std::vector<SinkConfig> sinks;
  KnownValuesConfig known_values;
  AdminConfig admin;
  LogConfig log;
  bool self_check = true;
  bool sandbox = true;  // gives up what the rest does not need: system calls and files
  size_t workers = 0;   // 0: as many as there are processors
  Milliseconds drain_timeout = std::chrono::seconds(10);
  Milliseconds ready_grace =
      std::chrono::seconds(30);   // a sink may be down so long before redactd is not ready
  bool reload_on_change = false;  // as SIGHUP, when one of its files changes
};

/// Reads and checks the file; everything that is wrong goes to `diagnostics`, and so do warnings.
/// The result is of use only while `diagnostics` is empty. Certificates and keys are opened;
/// nothing is listened on or connected to. When something is wrong, the rules have been checked as
/// well, so that all is told at once; when not, build_rule_set() checks them.
DaemonConfig load_daemon_config(const std::string& path, Diagnostics& diagnostics);

/// The same from a text that stands, or could stand, at `path`.
DaemonConfig parse_daemon_config(const std::string& text, const std::string& path,
                                 const Surroundings& surroundings, Diagnostics& diagnostics);

}  // namespace redactd
