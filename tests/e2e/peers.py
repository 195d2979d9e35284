"""Other people's programs, run as clients and servers. tests/peers.sh fetches them."""

import json
import os
import re
import shutil
import signal
import subprocess
import unittest
import urllib.parse
import urllib.request

from wire import PATIENCE, free_port, listens, wait_until

DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the environment names
FOLDER = os.environ.get("REDACTD_PEERS") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/peers")


def find(program, by="tests/peers.sh"):
    """Its path; skips the test where it is missing, unless it has to be there (REDACTD_REQUIRE_PEERS)."""
    for folder in ("usr/sbin", "usr/bin"):
        path = os.path.join(FOLDER, folder, program)
        if os.access(path, os.X_OK):
            return path
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path:
        return path
    message = f"{program} is not here; {by} gets it"
    if os.environ.get("REDACTD_REQUIRE_PEERS"):
        raise AssertionError(message)
    raise unittest.SkipTest(message)


def _library(*parts):
    """The folder below which a program's modules lie: of the unpacked packages, else of the installed ones."""
    unpacked = os.path.join(FOLDER, "usr/lib", *parts)
    return unpacked if os.path.isdir(unpacked) else os.path.join("/usr/lib", *parts)


class Program:
    """Runs in a folder of its own; its output is in the file `log` there."""

    def __init__(self, test, name, arguments, environment=None, folder=None):
        self.folder = folder or folder_for(test, name)
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                            env={**os.environ, **(environment or {})})
        test.addCleanup(self.stop)

    def says(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-3000:]

    def wait_until(self, condition):
        def alive():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.process.args[0]} ended with {self.process.returncode}: {self.says()}")
            return condition()
        wait_until(alive, lambda: f"{self.process.args[0]}: {self.says()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def folder_for(test, name):
    path = os.path.join(test.folder, name)
    for number in range(1000):
        folder = f"{path}{number or ''}"
        if not os.path.exists(folder):
            os.mkdir(folder)
            return folder
    raise AssertionError(f"too many of {name}")


def _written(folder, name, text):
    """The path of a configuration."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _log_of(test, lines):
    """The path of a log for a program to read."""
    path = os.path.join(folder_for(test, "input"), "app.log")
    with open(path, "wb") as file:
        file.write(b"".join(line + b"\n" for line in lines))
    return path


class Rsyslog(Program):
    """rsyslogd with modules, inputs and actions as its configuration language writes them."""

    def __init__(self, test, text):
        program = find("rsyslogd")
        folder = folder_for(test, "rsyslog")
        path = _written(folder, "rsyslog.conf", 'global(workDirectory="%s" maxMessageSize="128k" net.enableDNS="off" '
                        'processInternalMessages="off")\n%s' % (folder, text))
        super().__init__(test, "rsyslog", [program, "-n", "-f", path, "-i", os.path.join(folder, "pid"),
                                           "-M", _library("x86_64-linux-gnu", "rsyslog")],
                         {"LD_LIBRARY_PATH": _library("x86_64-linux-gnu")}, folder=folder)


def rsyslog_sending(test, lines, port, framing, tls=None, certificate=None, peer="localhost"):
    """An rsyslog client that reads `lines` from a file and forwards each to redactd as RFC 5424."""
    path = _log_of(test, lines)
    secure = ""
    if tls:
        secure = (f'StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="{peer}" '
                  f'StreamDriver.CAFile="{tls}" ')
        if certificate:
            secure += f'StreamDriver.CertFile="{certificate.certificate}" StreamDriver.KeyFile="{certificate.key}" '
    framing = "octet-counted" if framing == "octet-counting" else "traditional"
    return Rsyslog(test, f"""
module(load="imfile")
input(type="imfile" file="{path}" tag="app:" ruleset="forward" reopenOnTruncate="on")
ruleset(name="forward") {{
  action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" tcp_framing="{framing}" {secure}
         template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1" action.resumeInterval="1")
}}
""")


class Parsed:
    """A server's view of records: its fields, written as JSON into a file a port."""

    def __init__(self, program, ports, paths):
        self.program = program
        self.ports = ports
        self._paths = paths

    def fields(self, number, count):
        """The fields of `count` records that came to port `number`."""
        path = self._paths[number]

        def lines():
            if not os.path.exists(path):
                return []
            with open(path, "rb") as file:
                return file.read().splitlines(keepends=True)

        self.program.wait_until(lambda: len(lines()) >= count)
        # Bytes that are no UTF-8 stay comparable one by one.
        return [json.loads(line.decode("latin-1")) for line in lines()]


RSYSLOG_FIELDS = ("rawmsg", "msg", "pri", "syslogfacility", "syslogseverity", "syslogtag", "programname", "app-name", "procid", "msgid",
                  "structured-data", "hostname", "protocol-version", "timereported:date-rfc3339")


def rsyslog_parsing(test, ports=2):
    """An rsyslog server; both framings on every port, as imtcp tells them apart by itself."""
    folder = folder_for(test, "parsed")
    numbers = [free_port() for _ in range(ports)]
    paths = [os.path.join(folder, f"{number}.json") for number in range(ports)]
    properties = "\n".join('  property(outname="%s" name="%s"%s format="jsonf")\n' %
                           (field, field.partition(":")[0], ' dateFormat="rfc3339"' if ":" in field else "") +
                           ('  constant(value=", ")' if field != RSYSLOG_FIELDS[-1] else "") for field in RSYSLOG_FIELDS)
    text = 'module(load="imtcp")\ntemplate(name="fields" type="list") {\n  constant(value="{")\n%s\n  constant(value="}\\n")\n}\n' % properties
    for number, path in zip(numbers, paths):
        text += f'input(type="imtcp" address="127.0.0.1" port="{number}" ruleset="to{number}")\n'
        text += f'ruleset(name="to{number}") {{ action(type="omfile" file="{path}" template="fields" flushOnTXEnd="on") }}\n'
    program = Rsyslog(test, text)
    for number in numbers:
        program.wait_until(lambda: listens(number))
    return Parsed(program, numbers, paths)


class SyslogNg(Program):
    def __init__(self, test, text):
        program = find("syslog-ng")
        folder = folder_for(test, "syslog-ng")
        path = _written(folder, "syslog-ng.conf", "@version: 3.35\noptions { keep-hostname(yes); use-dns(no); dns-cache(no); "
                        "log-msg-size(131072); stats-freq(0); time-reopen(1); };\n" + text)
        super().__init__(test, "syslog-ng", [program, "-F", "--no-caps", "-f", path, "-R", os.path.join(folder, "persist"),
                                             "-p", os.path.join(folder, "pid"), "-c", os.path.join(folder, "control"),
                                             "--module-path", _library("syslog-ng", "3.38")],
                         {"LD_LIBRARY_PATH": _library("syslog-ng")}, folder)


def syslog_ng_parsing(test, framing, ports=2):
    """A syslog-ng server: network() for lines, which it takes for RFC 3164, and syslog() for counted frames, as RFC 5424."""
    folder = folder_for(test, "parsed")
    numbers = [free_port() for _ in range(ports)]
    paths = [os.path.join(folder, f"{number}.json") for number in range(ports)]
    driver = "syslog" if framing == "octet-counting" else "network"
    text = ""
    for number, path in zip(numbers, paths):
        text += f"""log {{
  source {{ {driver}(ip("127.0.0.1") port({number}) transport("tcp") flags(store-raw-message)); }};
  destination {{ file("{path}" template("$(format-json --scope rfc5424 --scope all-nv-pairs --exclude SOURCE)\\n")); }};
}};
"""
    program = SyslogNg(test, text)
    for number in numbers:
        program.wait_until(lambda: listens(number))
    return Parsed(program, numbers, paths)


def syslog_ng_sending(test, lines, destination):
    """A syslog-ng client that reads `lines` from a file. `destination`: a driver, such as network("127.0.0.1" port(1))."""
    path = _log_of(test, lines)
    return SyslogNg(test, f"""log {{
  source {{ file("{path}" read-old-records(yes) follow-freq(1) flags(no-parse) program-override("app")); }};
  destination {{ {destination}; }};
  flags(flow-control);
}};
""")


def loggen(*arguments):
    """Runs syslog-ng's load generator to its end; how many messages it says it has sent."""
    program = find("loggen")
    environment = {**os.environ, "LD_LIBRARY_PATH": _library("syslog-ng")}
    if program.startswith(FOLDER):
        environment["SYSLOGNG_PREFIX"] = os.path.join(FOLDER, "usr")
    done = subprocess.run([program, "--interval", str(PATIENCE), *arguments], env=environment, capture_output=True, text=True,
                          timeout=2 * PATIENCE)
    said = done.stdout + done.stderr
    sent = re.search(r"count=(\d+)", said)
    if done.returncode != 0 or not sent:
        raise AssertionError(f"loggen {' '.join(arguments)}: {said}")
    return int(sent[1])


def logger(*arguments, message=None, lines=None):
    """util-linux logger: one message, or lines from its standard input."""
    program = find("logger", "the package bsdutils")
    done = subprocess.run([program, *arguments, *(["--", message] if message is not None else [])],
                          input=b"".join(line + b"\n" for line in lines or []), capture_output=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise AssertionError(f"logger {' '.join(arguments)}: {done.stderr.decode()}")


class Prometheus(Program):
    """Scrapes one port of this machine, twice a second."""

    def __init__(self, test, port):
        program = find("prometheus")
        folder = folder_for(test, "prometheus")
        path = _written(folder, "prometheus.yml", json.dumps(
            {"global": {"scrape_interval": "500ms", "scrape_timeout": "400ms"},
             "scrape_configs": [{"job_name": "redactd", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]}))
        self.port = free_port()
        super().__init__(test, "prometheus", [program, f"--config.file={path}", f"--storage.tsdb.path={folder}/data",
                                              f"--web.listen-address=127.0.0.1:{self.port}"], folder=folder)
        self.wait_until(lambda: listens(self.port))

    def query(self, expression):
        """The values of the series that the expression gives, by their labels."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with DIRECTLY.open(url, timeout=PATIENCE) as answer:
                data = json.load(answer)["data"]["result"]
        except OSError:  # not up yet
            return []
        return [(series["metric"], float(series["value"][1])) for series in data]


def promtool_check(metrics):
    """What promtool has to say on a page of metrics; empty if it is content."""
    done = subprocess.run([find("promtool"), "check", "metrics"], input=metrics, capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout + done.stderr + (f"exit {done.returncode}" if done.returncode else "")
