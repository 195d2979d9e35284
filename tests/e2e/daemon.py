"""redactd as a daemon, under test: started from a configuration, watched over HTTP, looked through for secrets at its end."""

import http.client
import json
import os
import re
import signal
import subprocess

from harness import BINARY, CANARIES, RedactdTest, secret
from wire import PATIENCE, free_port, wait_until


def token(number=0):
    """A made-up credential that the built-in rules mask."""
    return secret("gh" + "p_", 36, f"token {number}")


TOKEN_MASK = "[REDACTED:github-token]"
SANITIZED = "REDACTD_SANITIZED" in os.environ  # a build whose memory tells nothing
POPEN = ("stdin", "stdout", "preexec_fn", "pass_fds", "user", "group", "extra_groups")  # options for subprocess


class Daemon:
    """One process. Its files lie in `folder`: the configuration, standard error, whatever it writes itself."""

    def __init__(self, test, config, environment=None, command=(BINARY,), wait=True, **popen):
        self.test = test
        self.folder = os.path.join(test.folder, f"daemon{id(self)}")
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "redactd.yaml")
        self.admin = free_port()
        self.may_contain = set()  # files that hold secrets because the test put them there
        self.configure(config)
        self._errors = open(os.path.join(self.folder, "stderr"), "wb")
        self.process = subprocess.Popen([*command, "--config", self.path], stdin=popen.pop("stdin", subprocess.DEVNULL),
                                        stdout=popen.pop("stdout", self._errors), stderr=self._errors, cwd=self.folder,
                                        env={**os.environ, **(environment or {})}, **popen)
        test.addCleanup(self._end)
        if wait:
            wait_until(self.is_ready, lambda: f"ready; it says:\n{self.says()}")

    def configure(self, config):
        """Writes the configuration; a running daemon has to be told (reload)."""
        whole = {"admin": {"listen": f"tcp://127.0.0.1:{self.admin}"}, **config} if isinstance(config, dict) else None
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(json.dumps(whole, indent=1) if whole else config)  # JSON is YAML
        os.replace(self.path + ".new", self.path)

    @property
    def pid(self):
        return self.process.pid

    def says(self):
        with open(os.path.join(self.folder, "stderr"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def ask(self, path, method="GET", headers=None):
        """Status and body of an answer of the admin endpoint."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=PATIENCE)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"redactd ended with {self.process.returncode}:\n{self.says()}")
        try:
            return self.ask("/readyz")[0] == 200
        except OSError:
            return False

    def metric(self, name, **labels):
        """The sum over all series of this name that have these labels."""
        total, found = 0.0, False
        for series, value in re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", self.ask("/metrics")[1], re.MULTILINE):
            if all(f'{key}="{wanted}"' in series for key, wanted in labels.items()):
                total, found = total + float(value), True
        if not found and not labels:
            raise AssertionError(f"there is no metric {name}")
        return total

    def wait_for_metric(self, value, name, seconds=PATIENCE, **labels):
        wait_until(lambda: self.metric(name, **labels) >= value,
                   lambda: f"{name}{labels} is {self.metric(name, **labels)}, not {value}", seconds, pause=0.02)

    def resident(self):
        """Bytes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) * 1024

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        """By SIGHUP, and waits until it is done, well or not."""
        before = self._reloads()
        self.signal(signal.SIGHUP)
        wait_until(lambda: self._reloads() > before, lambda: f"reload; it says:\n{self.says()[-2000:]}", pause=0.01)

    def _reloads(self):
        return self.metric("redactd_reloads_total")

    def stop(self, code=0):
        """Ends it in good order, which drains it, and looks for secrets in all that it wrote."""
        if self.process.poll() is None:
            metrics = self.ask("/metrics")[1]
            self.test.assert_no_canary(metrics.encode(), "the metrics")
            self.test.assertEqual(re.findall(r"^redactd_unscanned_bytes_total(?:\{.*\})? (\S+)$", metrics, re.MULTILINE)[:1], ["0"])
            self.signal(signal.SIGTERM)
        self.wait(code)

    def wait(self, code=0):
        try:
            ended = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"redactd does not end; it says:\n{self.says()[-3000:]}") from None
        self.test.assertEqual(ended, code, self.says()[-3000:])
        for far_end in self.test.far_ends:
            far_end.settle()
        self.look_for_secrets()

    def look_for_secrets(self):
        for folder, _, files in os.walk(self.folder):
            for name in files:
                path = os.path.join(folder, name)
                if path not in self.may_contain and not os.path.islink(path):
                    with open(path, "rb") as file:
                        self.test.assert_no_canary(file.read(), name)

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._errors.close()


class DaemonTest(RedactdTest):
    """Plants secrets, and starts daemons and aggregators that end with the test."""

    def setUp(self):
        super().setUp()
        self._planted = []
        self.far_ends = []  # aggregators

    def plant(self, text):
        """A secret that must not be seen anywhere behind redactd."""
        self._planted.append(text)
        return text

    def assert_no_canary(self, data, where):
        super().assert_no_canary(data, where)
        for planted in self._planted:
            self.assertNotIn(planted.encode(), data, f"a secret in {where}")

    def start_daemon(self, sources, sinks, **more):
        """`sources`, `sinks`: lists of their settings; names and types are filled in."""
        options = {name: more.pop(name) for name in ("environment", "command", "wait", *POPEN) if name in more}
        config = {"sources": [named("in", number, source) for number, source in enumerate(sources)],
                  "sinks": [named("out", number, sink) for number, sink in enumerate(sinks)], **more}
        return Daemon(self, config, **options)

    def start_between(self, aggregator, source=None, sink=None, tls=None, **more):
        """A daemon with one source on a TCP port, which it is returned with, and the aggregator as its sink. `tls`: the
        source's settings for it."""
        port = free_port()
        listen = {"listen": f"tls://127.0.0.1:{port}", "tls": tls} if tls else {"listen": f"tcp://127.0.0.1:{port}"}
        return self.start_daemon([{**listen, **(source or {})}], [sink_to(aggregator, **(sink or {}))], **more), port


class Endpoint:
    """A sink's far end that is no Aggregator."""

    def __init__(self, url, framing):
        self.url = url
        self.framing = framing


def named(name, number, settings):
    return {"name": name if number == 0 else f"{name}{number}", "type": "syslog", **settings}


def sink_to(endpoint, **more):
    return {"endpoints": [endpoint.url], "framing": endpoint.framing, **more}
