"""Relays of syslog from one TCP port to another: redactd and what it is measured beside, with their configurations
(Python standard library only)."""
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import measure
from make_rules import split_group
from rivals import MASK, capturing_groups, to_extended

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.environ.get("REDACTD_PEERS") or os.path.join(HERE, "..", "build", "peers")
PATIENCE = 30
MAX_CONNECTIONS = 1000


def find(program):
    """From the packages that tests/peers.sh unpacked, or installed; None if it is in neither place."""
    for folder in ("usr/sbin", "usr/bin"):
        path = os.path.abspath(os.path.join(PEERS, folder, program))
        if os.access(path, os.X_OK):
            return path
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def library(pattern):
    """A folder of modules, of the unpacked packages if they are there."""
    for root in (PEERS, "/"):
        found = sorted(glob.glob(os.path.join(root, "usr/lib", pattern)))
        if found:
            return os.path.abspath(found[-1])
    raise measure.Failed("no folder usr/lib/%s for a peer's modules" % pattern)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


# ---------------------------------------------------------------- configurations

def certificate(folder):
    """A self-signed one and its key, made for this run → their paths."""
    paths = [os.path.join(folder, name) for name in ("certificate.pem", "key.pem")]
    if not all(map(os.path.exists, paths)):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


def haproxy(buffer_bytes=None, tls=False):
    """TCP mode as Debian's defaults have it: a thread for each processor, 16 KiB buffers. `tls`: it takes TLS and sends plain."""
    def config(folder, port, sink):
        tuned = "  tune.bufsize %d\n" % buffer_bytes if buffer_bytes else ""
        crypt = ""
        if tls:
            both = os.path.join(folder, "both.pem")  # named without its folder, which holds blanks
            with open(both, "w", encoding="utf-8") as out:
                for path in certificate(folder):
                    with open(path, encoding="utf-8") as part:
                        out.write(part.read())
            crypt = " ssl crt both.pem"
        return ("global\n  maxconn %d\n%sdefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
                "listen relay\n  bind 127.0.0.1:%d%s\n  server sink 127.0.0.1:%d\n" % (2 * MAX_CONNECTIONS, tuned, port, crypt, sink))
    return Relay("haproxy", config, lambda folder, path: ["-q", "-f", path])


def double_quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def syslog_ng_rewrite(rules):
    """One `subst` a rule, one after the other, on the message."""
    lines = []
    for _, expression in rules:
        ignore_case, before, secret, after = split_group(expression)
        pattern = "%s(%s)(?:%s)(%s)" % ("(?i)" if ignore_case else "", before, secret, after)
        lines.append('  subst(%s, "${1}%s${2}", value("MESSAGE"), type("pcre"), flags("global"));' % (double_quoted(pattern), MASK))
    return "rewrite masks {\n%s\n};\n" % "\n".join(lines)


def syslog_ng(rules):
    def config(_folder, port, sink):
        return ("@version: 3.35\noptions { keep-hostname(yes); chain-hostnames(no); use-dns(no); dns-cache(no); stats-freq(0); "
                "log-msg-size(131072); log-fifo-size(400000); };\n"
                'source in { syslog(ip("127.0.0.1") port(%d) transport("tcp") max-connections(%d) log-iw-size(200000)); };\n'
                'destination out { syslog("127.0.0.1" port(%d) transport("tcp")); };\n%s'
                "log { source(in); %sdestination(out); flags(flow-control); };\n" % (
                    port, MAX_CONNECTIONS, sink, syslog_ng_rewrite(rules) if rules else "", "rewrite(masks); " if rules else ""))

    def arguments(folder, path):
        return ["-F", "--no-caps", "-f", path, "-R", os.path.join(folder, "persist"), "-p", os.path.join(folder, "pid"),
                "-c", os.path.join(folder, "control"), "--module-path", library("syslog-ng/[0-9]*")]
    return Relay("syslog-ng", config, arguments, lambda: {"LD_LIBRARY_PATH": library("syslog-ng")})


def rsyslog_statements(rules):
    """rsyslog replaces no expressions, only texts: the first secret is taken out by its expression, then replaced as a text
    wherever it stands."""
    lines = ["  set $!m = $msg;"]
    for _, expression in rules:
        ignore_case, before, secret, after = (to_extended(p) if isinstance(p, str) else p for p in split_group(expression))
        text = "%s(%s)%s" % (before, secret, after)
        quoted = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        lines.append('  set $.s = re_extract%s($!m, %s, 0, %d, "");' % ("_i" if ignore_case else "", quoted, capturing_groups(before) + 1))
        lines.append('  if $.s != "" then set $!m = replace($!m, $.s, "%s");' % MASK)
    return "\n".join(lines) + "\n"


def rsyslog(rules):
    def config(folder, port, sink):
        return ('global(workDirectory="%s" maxMessageSize="128k" net.enableDNS="off" processInternalMessages="off")\n'
                'main_queue(queue.timeoutEnqueue="600000")\n'
                'module(load="imtcp" MaxSessions="%d")\ninput(type="imtcp" address="127.0.0.1" port="%d" ruleset="relay")\n'
                'template(name="masked" type="string" string="<%%PRI%%>1 %%TIMESTAMP:::date-rfc3339%% %%HOSTNAME%% %%APP-NAME%% %%PROCID%% '
                '%%MSGID%% %%STRUCTURED-DATA%% %%$!m%%")\n'
                'ruleset(name="relay") {\n%s'
                '  action(type="omfwd" target="127.0.0.1" port="%d" protocol="tcp" tcp_framing="octet-counted" template="%s")\n}\n' % (
                    folder, MAX_CONNECTIONS, port, rsyslog_statements(rules) if rules else "", sink,
                    "masked" if rules else "RSYSLOG_SyslogProtocol23Format"))

    def arguments(folder, path):
        return ["-n", "-f", path, "-i", os.path.join(folder, "pid"), "-M", library("*-linux-gnu/rsyslog")]
    return Relay("rsyslogd", config, arguments)


def otelcol(program, rules):
    """Its redaction processor puts **** for each match. Its queue has one consumer, for more do not keep the order, and blocks, for else records are dropped."""
    def config(_folder, port, sink):
        values = []
        for _, expression in rules or ():
            ignore_case, *parts = split_group(expression)
            values.append(("(?i)" if ignore_case else "") + "".join("(?:%s)" % part for part in parts))
        return json.dumps({
            "receivers": {"syslog": {"protocol": "rfc5424", "enable_octet_counting": True,
                                     "tcp": {"listen_address": "127.0.0.1:%d" % port, "max_log_size": "128KiB", "preserve_trailing_whitespaces": True}}},
            "processors": {"redaction": {"allow_all_keys": True, "blocked_values": values}},
            "exporters": {"syslog": {"endpoint": "127.0.0.1", "port": sink, "network": "tcp", "protocol": "rfc5424", "enable_octet_counting": True,
                                     "tls": {"insecure": True}, "sending_queue": {"num_consumers": 1, "block_on_overflow": True}}},
            "service": {"telemetry": {"metrics": {"level": "none"}},
                        "pipelines": {"logs": {"receivers": ["syslog"], "processors": ["redaction"] if rules else [], "exporters": ["syslog"]}}}})
    return Relay(program, config, lambda folder, path: ["--config", path])


def redactd(program, pack=None, reloads=False, tls=False, framing="octet-counting"):
    """The built-in rules, or those of `pack` alone. `reloads`: other rules twice a second. `tls`: it takes TLS and sends plain."""
    def config(folder, port, sink):
        crypt = ", tls: {certificate: '%s', key: '%s'}" % tuple(certificate(folder)) if tls else ""
        rules = "rules: {files: ['%s'], disable: [all]}\nmask: {style: fixed, text: '%s'}\n" % (pack, MASK) if pack else ""
        return ("%ssources:\n  - {name: in, type: syslog, listen: '%s://127.0.0.1:%d', framing: auto%s}\n"
                "sinks:\n  - {name: out, type: syslog, endpoints: ['tcp://127.0.0.1:%d'], framing: %s}\n"
                "admin: {listen: 'tcp://127.0.0.1:%d'}\n" % (rules, "tls" if tls else "tcp", port, crypt, sink, framing, free_ports(1)[0]))
    return (ReloadedRelay if reloads else Relay)(program, config, lambda folder, path: ["--config", path])


def bare_relay(program):
    """Scans and does nothing else. What stands in its configuration is its command line."""
    return Relay(program, lambda _folder, port, sink: "--listen %d --to %d" % (port, sink), lambda _folder, path: open(path, encoding="utf-8").read().split())


# ---------------------------------------------------------------- processes

class Relay:
    def __init__(self, program, config, arguments, environment=dict):
        self.program = program if os.path.isabs(program) else find(program)
        self.config, self.arguments, self.environment = config, arguments, environment

    def start(self, folder, port, sink):
        """Does not wait until it listens: who connects tries until it does."""
        os.makedirs(folder, exist_ok=True)
        for old in ("persist", "pid"):
            if os.path.exists(os.path.join(folder, old)):
                os.remove(os.path.join(folder, old))
        path = os.path.join(folder, "config")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.config(folder, port, sink))
        self.log = os.path.join(folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([self.program] + self.arguments(folder, path), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=folder, env=dict(measure.ENVIRONMENT, **self.environment()))

    def says(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "%s (%s): %s" % (self.program, self.process.poll(), log.read()[-2000:])

    def stop(self):
        """→ {cpu seconds, peak MiB}"""
        if self.process.poll() is not None:
            raise measure.Failed("it ended by itself: " + self.says())
        peak = measure.peak_kib(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                return {"cpu": usage.ru_utime + usage.ru_stime, "peak_mib": peak / 1024}
            if time.monotonic() > deadline:
                self.process.kill()
                deadline += PATIENCE
            time.sleep(0.01)


class ReloadedRelay(Relay):
    """Gets other rules, and so compiles some, again and again."""
    EVERY = 0.5
    PACK = "rules: [{id: made-%d, title: Made, kind: token, pattern: 'made%d_[a-z]{8}', severity: low, examples: ['«made%d_{lower:8}»']}]\n"

    def start(self, folder, port, sink):
        super().start(folder, port, sink)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.reload, args=(folder,))
        self.thread.start()

    def reload(self, folder):
        pack = os.path.join(folder, "pack.yaml")
        number = 0
        while not self.over.wait(self.EVERY):
            number += 1
            with open(pack, "w", encoding="utf-8") as file:
                file.write(self.PACK.replace("%d", str(number)))
            if number == 1:  # it has read its configuration by now
                with open(os.path.join(folder, "config"), "a", encoding="utf-8") as config:
                    config.write("rules: {files: ['%s']}\n" % pack)
            self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.over.set()
        self.thread.join()
        if "error" in self.says():
            raise measure.Failed(self.says())
        return super().stop()


def version(program):
    path = find(program)
    if path is None:
        return "not installed"
    environment = {"LD_LIBRARY_PATH": library("syslog-ng")} if program == "syslog-ng" else {}
    said = subprocess.run([path, "-v" if program != "syslog-ng" else "--version"], capture_output=True, text=True, check=False,
                          env=dict(os.environ, **environment)).stdout
    found = re.search(r"\d+\.\d+(\.\d+)*", said)
    return found[0] if found else "unknown"
