#include "config/daemon/daemon_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/option_table.h"
#include "tests/testing/config.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Transport = Address::Transport;

SourceConfig source_of(const std::string& settings) {
  DaemonConfig config =
      good_config("sources: [{name: in, " + settings + "}]\nsinks: [{name: out, type: stdout}]\n");
  return config.sources.empty() ? SourceConfig{} : config.sources[0];
}

SinkConfig sink_of(const std::string& settings) {
  DaemonConfig config =
      good_config("sources: [{name: in, type: stdin}]\nsinks: [{name: out, " + settings + "}]\n");
  return config.sinks.empty() ? SinkConfig{} : config.sinks[0];
}

std::string source_errors(const std::string& settings) {
  return errors_of_config("sources: [{name: in, " + settings +
                          "}]\nsinks: [{name: out, type: stdout}]\n");
}

std::string sink_errors(const std::string& settings) {
  return errors_of_config("sources: [{name: in, type: stdin}]\nsinks: [{name: out, " + settings +
                          "}]\n");
}

bool self_check_of(const std::string& written) {
  return good_config(
             "sources: [{name: in, type: stdin}]\nsinks: [{name: out, type: stdout}]\n"
             "self_check: " +
             written + "\n")
      .self_check;
}

TEST(DaemonConfig, TakesSwitchesAsYamlAndOtherProgramsWriteThem) {
  for (const char* on : {"true", "True", "TRUE", "on"}) EXPECT_TRUE(self_check_of(on)) << on;
  for (const char* off : {"false", "False", "FALSE", "off"})
    EXPECT_FALSE(self_check_of(off)) << off;
}

TEST(DaemonConfig, SaysWhatIsNestedTooDeep) {
  EXPECT_THAT(errors_of_config("log: " + std::string(600, '[') + std::string(600, ']') + "\n"),
              HasSubstr("is no valid YAML: brackets or indentations nest too deep"));
}

TEST(DaemonConfig, ASpoolMayFillALargeDisk) {
  EXPECT_EQ(sink_of("type: tcp, endpoints: [tcp://h:1], spool: {directory: /x, max_size: 4096GiB}")
                .spool.max_size,
            size_t{4096} << 30);
  EXPECT_THAT(
      sink_errors(
          "type: tcp, endpoints: [tcp://h:1], spool: {directory: /x, max_size: 2000000GiB}"),
      HasSubstr("max_size: must be"));
}

TEST(DaemonConfig, SaysOnceWhatIsWrongWithAListThatIsReadTwice) {
  for (const char* endpoints : {"{a: b}", "[{a: b}]"}) {
    const std::string errors = sink_errors("type: tcp, endpoints: " + std::string(endpoints));
    EXPECT_EQ(errors.find("must be a"), errors.rfind("must be a")) << errors;
  }
}

TEST(DaemonConfig, OfAnEmptyFileSaysWhatIsMissing) {
  for (const char* text : {"", "# nothing yet\n", "---\n"})
    EXPECT_THAT(errors_of_config(text), HasSubstr("1:1: sources: is missing")) << text;
}

TEST(DaemonConfig, SaysThatAFileIsUtf16) {
  const std::string text("\xff\xfes\0o\0", 6);
  EXPECT_THAT(errors_of_config(text), HasSubstr("1:1: is UTF-16; save it as UTF-8"));
}

TEST(DaemonConfig, ReadsEveryOptionOfATlsSource) {
  SourceConfig expected;
  expected.name = "in";
  expected.sinks = {"out"};
  expected.listen = {Transport::tls, "*", "6514", ""};
  expected.framing = Framing::automatic;
  expected.tls = {"/etc/redactd/server.pem",
                  "/etc/redactd/server.key",
                  "/etc/redactd/ca.pem",
                  "/abs/list.crl",
                  TlsConfig::ClientCertificate::required,
                  {"*.example.org", "10.0.0.1"},
                  TlsConfig::Version::tls1_3,
                  true};
  expected.max_connections = 7;
  expected.idle_timeout = 1min;
  expected.handshake_timeout = 2s;
  expected.receive_buffer = 1 << 20;
  expected.rate = {1000, 4096};
  expected.max_record = 64 << 10;
  expected.max_frame = 1 << 20;
  EXPECT_EQ(source_of("type: syslog, sinks: [out], listen: 'tls://*:6514', framing: auto, "
                      "tls: {certificate: server.pem, key: server.key, ca: ca.pem, "
                      "crl: /abs/list.crl, client_certificate: required, "
                      "peer_names: ['*.example.org', 10.0.0.1], min_version: 1.3}, "
                      "max_connections: 7, idle_timeout: 1m, handshake_timeout: 2s, "
                      "receive_buffer: 1MiB, rate: {bytes_per_second: 1kB, burst: 4KiB}, "
                      "max_record: 64KiB, max_frame: 1MiB"),
            expected);
}

TEST(DaemonConfig, ReadsAFileSource) {
  SourceConfig expected;
  expected.name = "in";
  expected.type = SourceConfig::Type::file;
  expected.framing = Framing::newline;
  expected.path = "/var/log/app.log";
  expected.position_file = "/etc/redactd/app.position";
  expected.start_at = SourceConfig::StartAt::end;
  expected.poll_interval = 1s;
  EXPECT_EQ(source_of("type: file, path: /var/log/app.log, position_file: app.position, "
                      "start_at: end, poll_interval: 1s"),
            expected);
}

TEST(DaemonConfig, ASourcesUsualFramingDependsOnWhereItListens) {
  EXPECT_EQ(source_of("type: syslog, listen: 'tcp://*:514'").framing, Framing::automatic);
  EXPECT_EQ(source_of("type: syslog, listen: 'unix:///x'").framing, Framing::automatic);
  EXPECT_EQ(
      source_of("type: syslog, listen: 'tls://*:1', tls: {certificate: c, key: c.key}").framing,
      Framing::octet_counting)
      << "RFC 5425 knows nothing else";
  EXPECT_EQ(source_of("type: tcp, listen: 'tcp://*:514'").framing, Framing::newline);
  EXPECT_EQ(source_of("type: tcp, listen: 'systemd://'").framing, Framing::newline);
  EXPECT_EQ(source_of("type: stdin").framing, Framing::newline);
}

TEST(DaemonConfig, ReadsEveryOptionOfATlsSink) {
  SinkConfig expected;
  expected.name = "out";
  expected.type = SinkConfig::Type::syslog;
  expected.framing = Framing::nul;
  expected.wrap = {true, "web1", "app", 16, 3};
  expected.queue_bytes = 1 << 20;
  expected.when_full = SinkConfig::WhenFull::drop_oldest;
  expected.endpoints = {{Transport::tls, "a", "6514", ""}, {Transport::tls, "::1", "6514", ""}};
  expected.balance = SinkConfig::Balance::round_robin;
  expected.tls.certificate = "/etc/redactd/client.pem";
  expected.tls.key = "/etc/redactd/client.key";
  expected.tls.ca = "/etc/redactd/ca.pem";
  expected.tls.crl = "/etc/redactd/list.crl";
  expected.tls.peer_names = {"logs.example.org"};
  expected.tls.min_version = TlsConfig::Version::tls1_3;
  expected.connect_timeout = 1s;
  expected.reconnect_min = 20ms;
  expected.reconnect_max = 2s;
  expected.return_interval = 3s;
  expected.keepalive = 0ms;
  expected.peer_timeout = 4s;
  expected.send_buffer = 64 << 10;
  EXPECT_EQ(sink_of("type: syslog, framing: nul, wrap: {enabled: on, hostname: web1, "
                    "app_name: app, facility: local0, severity: 3}, queue_bytes: 1MiB, "
                    "when_full: drop_oldest, endpoints: ['tls://a:6514', 'tls://[::1]:6514'], "
                    "balance: round_robin, tls: {certificate: client.pem, key: client.key, "
                    "ca: ca.pem, crl: list.crl, peer_names: logs.example.org, min_version: 1.3, "
                    "verify: true}, connect_timeout: 1s, reconnect_min: 20ms, reconnect_max: 2s, "
                    "return_interval: 3s, keepalive: 0, peer_timeout: 4s, send_buffer: 64KiB"),
            expected);
}

TEST(DaemonConfig, ReadsFileAndUnixSinks) {
  SinkConfig file = sink_of("type: file, path: clean.log, file_mode: '0600'");
  EXPECT_EQ(file.path, "/etc/redactd/clean.log");
  EXPECT_EQ(file.file_mode, 0600u);
  EXPECT_EQ(file.framing, Framing::newline);
  SinkConfig local = sink_of("type: unix, endpoints: ['unixgram:///dev/log']");
  EXPECT_EQ(local.endpoints,
            (std::vector<Address>{{Transport::unix_datagram, "", "", "/dev/log"}}));
}

TEST(DaemonConfig, ASinksUsualFramingDependsOnItsType) {
  EXPECT_EQ(sink_of("type: syslog, endpoints: ['tcp://a:1']").framing, Framing::octet_counting);
  EXPECT_EQ(sink_of("type: syslog, endpoints: ['tls://a:1']").framing, Framing::octet_counting);
  EXPECT_EQ(sink_of("type: tcp, endpoints: ['tcp://a:1']").framing, Framing::newline);
  EXPECT_EQ(sink_of("type: unix, endpoints: ['unix:///a']").framing, Framing::newline);
  EXPECT_EQ(sink_of("type: unix, endpoints: ['unixgram:///a']").framing, Framing::octet_counting)
      << "the one that leaves line feeds alone; the count is no part of the datagram";
  EXPECT_EQ(sink_of("type: stdout").framing, Framing::newline);
}

TEST(DaemonConfig, ReadsKnownValues) {
  KnownValuesConfig expected;
  expected.environment = {"*_TOKEN", "DATABASE_URL"};
  expected.files = {{"/run/secrets", KnownValuesConfig::Path::Format::automatic, {}},
                    {"/etc/redactd/.env", KnownValuesConfig::Path::Format::dotenv, {"A_*"}}};
  expected.exec = {{"db", {"vault", "get", "$x"}, 1min, 5s}};
  expected.socket = "/run/known.sock";
  expected.socket_mode = 0660;
  expected.add_mask = true;
  expected.max_values = 5;
  expected.encodings = false;
  DaemonConfig config = good_config(daemon_yaml(R"(
known_values:
  environment: ["*_TOKEN", DATABASE_URL]
  files: [/run/secrets, {path: .env, format: dotenv, names: ["A_*"]}]
  exec: [{name: db, command: [vault, get, $$x], refresh: 1m, timeout: 5s}]
  socket: /run/known.sock
  socket_mode: "660"
  add_mask: true
  max_values: 5
  encodings: false
)"));
  EXPECT_EQ(config.known_values, expected);
  EXPECT_TRUE(config.known_values.any());
  EXPECT_FALSE(good_config(daemon_yaml("")).known_values.any());
}

TEST(DaemonConfig, ReadsTheRest) {
  DaemonConfig config = good_config(daemon_yaml(R"(
rules: {files: [packs], disable: [cookie]}
known: {files: values}
mask: {style: length}
max_record: 64KiB
admin: {listen: "tls://0.0.0.0:9601", token: "${TOKEN}", tls: {certificate: c.pem, key: c.key}}
log: {level: trace, format: journald}
self_check: off
sandbox: off
workers: 3
drain_timeout: 1s
ready_grace: 0
reload_on_change: on
)"));
  EXPECT_EQ(config.settings.rule_paths, std::vector<std::string>{"/etc/redactd/packs"});
  EXPECT_EQ(config.settings.disable, std::vector<std::string>{"cookie"});
  EXPECT_EQ(config.settings.known_files, std::vector<std::string>{"/etc/redactd/values"});
  EXPECT_EQ(config.settings.mask.style, MaskStyle::length);
  EXPECT_EQ(config.settings.max_record, 65536u);
  EXPECT_EQ(config.admin.listen, (Address{Transport::tls, "0.0.0.0", "9601", ""}));
  EXPECT_EQ(config.admin.token, std::string(32, 't'));
  EXPECT_EQ(config.admin.tls.certificate, "/etc/redactd/c.pem");
  EXPECT_EQ(config.log.level, LogConfig::Level::trace);
  EXPECT_EQ(config.log.format, LogConfig::Format::journald);
  EXPECT_FALSE(config.self_check);
  EXPECT_FALSE(config.sandbox);
  EXPECT_EQ(config.workers, 3u);
  EXPECT_EQ(config.drain_timeout, 1s);
  EXPECT_EQ(config.ready_grace, 0s);
  EXPECT_TRUE(config.reload_on_change);
}

TEST(DaemonConfig, JsonIsYaml) {
  EXPECT_EQ(good_config(R"({"sources": [{"name": "in", "type": "stdin"}],
                            "sinks": [{"name": "out", "type": "stdout"}]})")
                .sources.size(),
            1u);
}

TEST(DaemonConfig, KeysOfAnotherTypeAreRefusedWithTheReason) {
  EXPECT_THAT(source_errors("type: stdin, listen: 'tcp://*:1'"),
              HasSubstr("sources[0].listen: belongs to the types syslog, tcp and relp"));
  EXPECT_THAT(source_errors("type: syslog, listen: 'udp://*:1', framing: newline"),
              HasSubstr("sources[0].framing: belongs to stream sockets"));
  EXPECT_THAT(source_errors("type: syslog, listen: 'tcp://*:1', tls: {}"),
              HasSubstr("sources[0].tls: belongs to listen: tls://"));
  EXPECT_THAT(source_errors("type: syslog, listen: 'tcp://*:1', unix_mode: '0600'"),
              HasSubstr("sources[0].unix_mode: belongs to listen: unix://"));
  EXPECT_THAT(source_errors("type: syslog, listen: 'unixgram:///x', max_connections: 1"),
              HasSubstr("sources[0].max_connections: belongs to stream sockets"));
  EXPECT_THAT(
      source_errors("type: tcp, listen: 'tcp://*:1', max_frame: 1MiB"),
      HasSubstr("sources[0].max_frame: belongs to stream sockets of the types syslog and relp"));
  EXPECT_THAT(source_errors("type: tcp, listen: 'udp://*:1'"), HasSubstr("is a datagram socket"));
  EXPECT_THAT(sink_errors("type: stdout, endpoints: ['tcp://a:1']"),
              HasSubstr("sinks[0].endpoints: belongs to the types syslog, tcp, unix and relp"));
  EXPECT_THAT(sink_errors("type: unix, endpoints: ['unix:///a'], keepalive: 1s"),
              HasSubstr("sinks[0].keepalive: belongs to the types syslog, tcp and relp"));
  EXPECT_THAT(sink_errors("type: syslog, endpoints: ['tcp://a:1'], tls: {}"),
              HasSubstr("sinks[0].tls: belongs to tls:// endpoints"));
  EXPECT_THAT(sink_errors("type: syslog, endpoints: ['tcp://a:1', 'tls://b:1']"),
              HasSubstr("sinks[0].endpoints[1]: must be like the first one"))
      << "a failover may not end in plain text";
  EXPECT_THAT(sink_errors("type: syslog, endpoints: ['udp://a:1']"), HasSubstr("must be tcp://"));
  EXPECT_THAT(sink_errors("type: file, path: x, framing: octet-counting"),
              HasSubstr("must be newline or nul"));
}

TEST(DaemonConfig, AFileSourceMayNotReadWhatASinkWrites) {
  EXPECT_THAT(errors_of_config("sources: [{name: in, type: file, path: /var/log/../log/x}]\n"
                               "sinks: [{name: out, type: file, path: /var/log/x}]\n"),
              HasSubstr("sinks[0].path: is the path of the log of source 'in' already"));
}

TEST(DaemonConfig, ASinkMayNotFeedASource) {
  EXPECT_THAT(
      errors_of_config("sources: [{name: in, type: syslog, listen: 'tcp://*:514'}]\n"
                       "sinks: [{name: out, type: syslog, endpoints: ['tcp://127.0.0.1:514']}]\n"),
      HasSubstr("sinks[0].endpoints[0]: is where 'in' listens"));
  good_config(
      "sources: [{name: in, type: syslog, listen: 'tcp://*:514'}]\n"
      "sinks: [{name: out, type: syslog, endpoints: ['tcp://10.0.0.1:514']}]\n");
}

TEST(DaemonConfig, AQueueThatDropsHoldsTheLongestRecord) {
  EXPECT_THAT(sink_errors("type: stdout, when_full: drop_newest, queue_bytes: 64KiB"),
              HasSubstr("sinks[0].queue_bytes: the queue (64KiB) cannot hold the longest record"));
  EXPECT_EQ(sink_errors("type: stdout, queue_bytes: 64KiB"), "");
}

TEST(DaemonConfig, AdminIsReachedFromOutsideOnlyWithTlsAndAToken) {
  auto errors = [](const std::string& settings) {
    return errors_of_config(daemon_yaml("admin: {" + settings + "}\n"));
  };
  constexpr const char* kRefused = "can be reached from other machines";
  std::string tls = "listen: 'tls://*:1', tls: {certificate: c, key: c.key";
  EXPECT_THAT(errors("listen: 'tcp://0.0.0.0:1'"), HasSubstr(kRefused));
  EXPECT_THAT(errors("listen: 'tcp://*:1', token: '${TOKEN}'"), HasSubstr(kRefused));
  EXPECT_THAT(errors(tls + "}"), HasSubstr(kRefused));
  EXPECT_EQ(errors(tls + "}, token: '${TOKEN}'"), "");
  EXPECT_EQ(errors(tls + ", ca: ca, client_certificate: required}"), "");
  EXPECT_EQ(errors("listen: 'tcp://*:1', allow_remote: true"), "");
  EXPECT_EQ(errors("listen: 'tcp://*:1', enabled: false"), "");
  EXPECT_EQ(errors("listen: 'tcp://[::1]:1'"), "");
}

TEST(DaemonConfig, WhatIsUnsafeAndAllowedIsAWarning) {
  auto warnings = [](const std::string& yaml) {
    Diagnostics diagnostics;
    parse_config(yaml, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
    std::string text;
    for (const Diagnostic& warning : diagnostics.warnings()) text += warning.text() + '\n';
    return text;
  };
  EXPECT_EQ(warnings(daemon_yaml("")), "");
  EXPECT_THAT(warnings(daemon_yaml("admin: {listen: 'tcp://*:1', allow_remote: true}\n")),
              HasSubstr("redactd.yaml:3:17: admin.listen: others than this machine"));
  EXPECT_THAT(warnings("sources: [{name: in, type: stdin}]\nsinks: [{name: out, type: syslog, "
                       "endpoints: ['tls://a:1'], tls: {verify: false}}]\n"),
              HasSubstr("sinks[0].tls.verify: whoever answers is believed"));
  EXPECT_THAT(warnings("sources: [{name: in, type: file, path: /var/log/*.log}]\n"
                       "sinks: [{name: out, type: stdout}]\n"),
              HasSubstr("sources[0].path: is one file's; * and ? stand for themselves"));
  const std::string plain =
      "sources: [{name: in, type: stdin}]\nsinks: [{name: out, type: stdout, wrap: ";
  EXPECT_THAT(warnings(plain + "{app_name: a}}]\n"),
              HasSubstr("sinks[0].wrap: does nothing without enabled: true"));
  EXPECT_EQ(warnings(plain + "{enabled: false, app_name: a}}]\n"), "");
}

TEST(DaemonConfig, AnEmptyTokenIsNoToken) {
  EXPECT_THAT(errors_of_config(daemon_yaml("admin: {token: '${NOSUCH:-}'}\n")),
              HasSubstr("admin.token: must be at least 16 visible"));
}

TEST(DaemonConfig, ErrorsDoNotShowWhatWasPutIn) {
  const std::string secret = "hunter2-hunter2";
  Surroundings machine{[&](const std::string&) { return secret; },
                       [&](const std::string&, std::string&) { return secret; }};
  std::string all;
  OptionTable table = option_table();
  for (const char* value : {"${X}", "${file:x}"}) {
    std::string quoted = ": \"" + std::string(value) + "\"";
    std::string source, sink, known, admin, log, rest;
    for (std::string_view key : table.keys["sources[]"])
      if (key != "name" && key != "sinks" && key != "type")
        source += ", " + std::string(key) + quoted;
    for (std::string_view key : table.keys["sinks[]"])
      if (key != "name" && key != "type") sink += ", " + std::string(key) + quoted;
    for (std::string_view key : table.keys["known_values"])
      known += std::string(key) + quoted + ", ";
    for (std::string_view key : table.keys["admin"]) admin += std::string(key) + quoted + ", ";
    for (std::string_view key : table.keys["log"]) log += std::string(key) + quoted + ", ";
    for (std::string_view key : {"self_check", "sandbox", "workers", "drain_timeout", "ready_grace",
                                 "reload_on_change", "max_record", "rules", "mask", "mask_key"})
      rest += std::string(key) + quoted + "\n";
    std::string ends;
    for (const char* type : {"syslog", "tcp", "file", "stdin", "\"${X}\""})
      ends += "  - {name: n, type: " + std::string(type) + source + "}\n";
    std::string targets;
    for (const char* type : {"syslog", "tcp", "unix", "file", "stdout", "\"${X}\""})
      targets += "  - {name: n, type: " + std::string(type) + sink + "}\n";
    Diagnostics diagnostics;
    parse_daemon_config("sources:\n" + ends + "sinks:\n" + targets + "known_values: {" + known +
                            "}\nadmin: {" + admin + "}\nlog: {" + log + "}\n" + rest,
                        "/etc/redactd.yaml", machine, diagnostics);
    all += diagnostics.text();
    for (const Diagnostic& warning : diagnostics.warnings()) all += warning.text();
  }
  EXPECT_GT(std::count(all.begin(), all.end(), '\n'), 100) << all;
  EXPECT_EQ(all.find(secret), std::string::npos) << all.substr(all.find(secret) - 200, 400);
}

TEST(DaemonConfig, IsReadFromAFileBesideItsOthers) {
  TempDir dir;
  dir.write("port", "5514\n");
  Diagnostics diagnostics;
  DaemonConfig config = load_daemon_config(
      dir.write("redactd.yaml",
                "sources: [{name: in, type: syslog, listen: 'tcp://*:${file:port}'}]\n"
                "sinks: [{name: out, type: file, path: clean.log}]\n"),
      diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
  EXPECT_EQ(config.sources[0].listen.port, "5514");
  EXPECT_EQ(config.sinks[0].path, dir.path("clean.log"));
  load_daemon_config(dir.path("nosuch.yaml"), diagnostics);
  EXPECT_EQ(diagnostics.all().size(), 1u);
}

TEST(ConfigUse, IsToldByTheKeySources) {
  TempDir dir;
  Settings settings;
  Diagnostics diagnostics;
  auto use = [&](const std::string& text) {
    return load_settings(dir.write("redactd.yaml", text), settings, diagnostics);
  };
  EXPECT_EQ(use(daemon_yaml("mask: {style: length}\n")), ConfigUse::daemon);
  EXPECT_EQ(settings.mask.style, MaskStyle::length) << "explain and scan go by it too";
  EXPECT_EQ(use("sources:\n"), ConfigUse::daemon) << "an empty list is told by the daemon's loader";
  EXPECT_EQ(use("mask: {style: label}\n"), ConfigUse::filter);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  EXPECT_EQ(use("sinks: [{name: out, type: stdout}]\n"), ConfigUse::filter);
  EXPECT_THAT(diagnostics.text(), HasSubstr("sinks: belongs to the daemon, which needs sources"));
}

}  // namespace
}  // namespace redactd::test
