"""docs/recipes.md: what it shows is run, with the real programs where Debian has them (tests/peers.sh). Ports and paths are
replaced by free ones."""

import glob
import http.client
import os
import re
import signal
import subprocess
import unittest

import yaml

import peers
from aggregator import Aggregator
from daemon import DaemonTest, TOKEN_MASK, token
from harness import BINARY, TIME_LIMIT, secret
from wire import Client, free_port, listens, wait_until

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/recipes.md")
PATHS = ("/var/log/clean.log", "/run/redactd/log.sock", "/var/lib/postgresql/15/main", "/etc/redis/redis.conf")


def blocks(title):
    """The fenced blocks below a heading: [(language, text)]."""
    section = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", read(PAGE), re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Recipe(DaemonTest):
    def setUp(self):
        super().setUp()
        self.ports = {"5140": str(free_port()), "5141": str(free_port())}
        self.clean = os.path.join(self.folder, "clean.log")

    def shown(self, title):
        """Its blocks, at home on this machine."""
        for language, text in blocks(title):
            for port, mine in self.ports.items():
                text = re.sub(rf"\b{port}\b", mine, text)
            for path in PATHS:
                text = text.replace(path, os.path.join(self.folder, os.path.basename(path)))
            yield language, text

    def redactd(self, text, framing="octet-counting"):
        """By the configuration shown; an aggregator where it sends to one."""
        config = yaml.safe_load(text)
        aggregator = None
        if "endpoints" in config["sinks"][0]:
            aggregator = Aggregator(self, framing=framing, port=int(self.ports["5141"]))
        return self.start_daemon(config["sources"], config["sinks"]), aggregator

    def port(self, number="5140"):
        return int(self.ports[number])

    def written(self, *wanted):
        """What stands in clean.log, as soon as all of it is there."""
        def text():
            return read(self.clean) if os.path.exists(self.clean) else ""
        wait_until(lambda: all(word in text() for word in wanted), lambda: f"{wanted} in {text()[-2000:]!r}")
        self.assert_no_canary(text().encode(), "clean.log")
        return text()


class BetweenSyslogServers(Recipe):
    def test_rsyslog_to_syslog_ng(self):
        (_, rsyslog), (_, redactd), (_, syslog_ng) = self.shown("rsyslog → redactd → syslog-ng")
        peers.SyslogNg(self, syslog_ng)
        wait_until(lambda: listens(self.port("5141")), "syslog-ng listens")
        daemon = self.start_daemon(**yaml.safe_load(redactd))
        sender = peers.Rsyslog(self, f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{self.folder}/log")\n' + rsyslog)
        sender.wait_until(lambda: os.path.exists(self.folder + "/log"))
        peers.logger("-u", self.folder + "/log", "-t", "app", message=f"login with {self.plant(token())} end")
        self.assertRegex(self.written("login with"), rf" app: +login with {re.escape(TOKEN_MASK)} end\n")
        daemon.stop()

    def test_syslog_ng(self):
        (_, syslog_ng), (_, redactd) = self.shown("syslog-ng → redactd")
        daemon = self.start_daemon(**yaml.safe_load(redactd))
        sender = peers.SyslogNg(self, f'source s_src {{ unix-dgram("{self.folder}/log"); }};\n' + syslog_ng)
        sender.wait_until(lambda: os.path.exists(self.folder + "/log"))
        peers.logger("-u", self.folder + "/log", "-t", "app", message=f"login with {self.plant(token())} end")
        self.assertIn(f"login with {TOKEN_MASK} end\n", self.written("login with"))
        daemon.stop()


class Docker(Recipe):
    def test_messages_in_the_form_of_its_driver(self):
        (_, docker), (_, redactd) = self.shown("Docker's log driver")
        options = yaml.safe_load(docker)["log-opts"]
        self.assertEqual((options["syslog-address"], options["syslog-format"]), (f"tcp://127.0.0.1:{self.port()}", "rfc5424micro"))
        daemon, _ = self.redactd(redactd)
        with Client(self.port()) as client:
            client.send(f"<30>1 2026-01-02T03:04:05.000006Z host web 1234 web - login with {self.plant(token())} end\n".encode())
        self.assertEqual(self.written("end\n"), f"<30>1 2026-01-02T03:04:05.000006Z host web 1234 web - login with {TOKEN_MASK} end\n")
        daemon.stop()


class WebServers(Recipe):
    def ask(self, port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIME_LIMIT)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()

    def test_haproxy(self):
        (_, haproxy), (_, redactd) = self.shown("HAProxy")
        daemon, _ = self.redactd(redactd)
        port = free_port()
        path = self.write("haproxy.cfg", haproxy + f"\nfrontend web\n    bind 127.0.0.1:{port}\n    http-request return status 200\n")
        program = peers.Program(self, "haproxy", [peers.find("haproxy"), "-db", "-f", path])
        program.wait_until(lambda: listens(port))
        self.ask(port, f"/login?user=bob&password={self.plant(secret(size=18))}&next=1")
        self.assertIn("GET /login?user=bob&password=[REDACTED:password]&next=1 HTTP/1.1", self.written("/login"))
        daemon.stop()

    def test_nginx(self):
        (_, nginx), (_, redactd) = self.shown("nginx")
        daemon, _ = self.redactd(redactd)
        port = free_port()
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi", "html"):
            os.mkdir(os.path.join(self.folder, name))
        temp = "".join(f"{name}_temp_path {self.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = self.write("nginx.conf", f"daemon off; master_process off; pid {self.folder}/pid; error_log stderr;\nevents {{}}\n"
                          f"http {{ {temp}\n{nginx}\nserver {{ listen 127.0.0.1:{port}; root {self.folder}/html; }} }}\n")
        program = peers.Program(self, "nginx", [peers.find("nginx"), "-p", self.folder, "-e", "stderr", "-c", path])
        program.wait_until(lambda: listens(port))
        self.ask(port, f"/login?user=bob&password={self.plant(secret(size=18))}&next=1")
        text = self.written("404", "open()")
        self.assertIn('"GET /login?user=bob&password=[REDACTED:password]&next=1 HTTP/1.1" 404', text)
        self.assertIn('request: "GET /login?user=bob&password=[REDACTED:password]&next=1 HTTP/1.1"', text)
        daemon.stop()


class Databases(Recipe):
    """Through `redactd run`."""

    def command(self, title, programs, *more):
        """What is shown, as a list, with this redactd and the programs where they are."""
        (_, text), = self.shown(title)
        words = [word.strip('"') for word in text.split()]
        return [{"redactd": BINARY, **programs}.get(word, word) for word in words] + list(more)

    def start_command(self, command, **options):
        path = os.path.join(self.folder, "output")
        output = open(path, "wb")
        self.addCleanup(output.close)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder, **options)
        self.addCleanup(self.end, process)
        return process, lambda: read(path)

    def end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            process.wait(TIME_LIMIT)

    def postgres(self):
        for folder in (os.path.join(peers.FOLDER, "usr/lib/postgresql/15/bin"), *glob.glob("/usr/lib/postgresql/*/bin")):
            if os.access(os.path.join(folder, "postgres"), os.X_OK):
                return os.path.abspath(folder)
        return os.path.dirname(peers.find("postgres"))

    def test_postgresql(self):
        folder = self.postgres()
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}  # it refuses root
        os.chmod(self.folder, 0o777)
        data = os.path.join(self.folder, "main")
        subprocess.run([os.path.join(folder, "initdb"), "-D", data, "-U", "admin", "--no-sync", "--no-locale", "-E", "UTF8"], check=True,
                       capture_output=True, timeout=5 * TIME_LIMIT, cwd=self.folder, **nobody)
        command = self.command("PostgreSQL", {"postgres": os.path.join(folder, "postgres")}, "-c", "listen_addresses=", "-c", "fsync=off",
                               "-c", f"unix_socket_directories={self.folder}", "-c", "log_statement=all")
        process, output = self.start_command(command, **nobody)
        wait_until(lambda: "ready to accept connections" in output(), output)
        passwords = [self.plant(secret(size=18, seed=seed)) for seed in range(4)]
        statements = [f"CREATE ROLE bob LOGIN PASSWORD '{passwords[0]}'", f"ALTER USER bob WITH ENCRYPTED PASSWORD '{passwords[1]}'",
                      f"SELECT 'host=db user=bob password={passwords[2]}'", f"ALTER ROLE bob PASSWRD '{self.plant(token())}'"]
        for statement in statements:
            subprocess.run([os.path.join(folder, "psql"), "-h", self.folder, "-U", "admin", "-d", "postgres", "-c", statement], check=False,
                           capture_output=True, timeout=TIME_LIMIT)
        self.end(process)
        self.assertEqual(process.returncode, 0)
        text = output()
        self.assert_no_canary(text.encode(), "the server's log")
        for masked in ("CREATE ROLE bob LOGIN PASSWORD '[REDACTED:sql-password]'",
                       "ALTER USER bob WITH ENCRYPTED PASSWORD '[REDACTED:sql-password]'",
                       "password=[REDACTED:password]'", f"PASSWRD '{TOKEN_MASK}'", "database system is shut down"):
            self.assertIn(masked, text)

    def test_redis(self):
        port = free_port()
        program = {"redis-server": peers.find("redis-server")}
        settings = f"bind 127.0.0.1\nport {port}\ndir {self.folder}\nsave \"\"\n"
        self.write("redis.conf", settings + f"requirepass {self.plant(secret(size=18))} surplus\n")
        process, output = self.start_command(self.command("Redis", program))
        process.wait(TIME_LIMIT)
        self.assertEqual(process.returncode, 1)
        self.assertIn("requirepass [REDACTED:redis-password] surplus", output())
        self.assert_no_canary(output().encode(), "the server's log")

        self.write("redis.conf", settings)
        process, output = self.start_command(self.command("Redis", program))
        wait_until(lambda: listens(port), output)
        script = f"redis.log(redis.LOG_WARNING, 'sent {self.plant(token())} on')"
        with Client(port) as client:
            client.send(f"*3\r\n$4\r\nEVAL\r\n${len(script)}\r\n{script}\r\n$1\r\n0\r\n".encode())
            wait_until(lambda: f"sent {TOKEN_MASK} on" in output(), output)
        self.end(process)
        self.assertEqual(process.returncode, 0)
        self.assert_no_canary(output().encode(), "the server's log")


class Shippers(Recipe):
    """In front of redactd; behind it: test_charts.py. Neither program is here: what is shown is parsed, what they send is sent."""

    def test_fluent_bit(self):
        (_, fluent_bit), (_, redactd) = self.shown("Fluent Bit")
        output = yaml.safe_load(fluent_bit)["pipeline"]["outputs"][0]
        self.assertEqual((output["host"], output["port"], output["mode"]), ("127.0.0.1", self.port(), "tcp"))
        daemon, aggregator = self.redactd(redactd)
        with Client(self.port()) as client:
            client.send(f"<14>1 2026-01-02T03:04:05.000006Z - - - - - login with {self.plant(token())} end\n".encode())
        self.assertEqual(aggregator.wait_for(1), [f"<14>1 2026-01-02T03:04:05.000006Z - - - - - login with {TOKEN_MASK} end".encode()])
        daemon.stop()

    def test_vector(self):
        (_, vector), (_, redactd) = self.shown("Vector")
        sink = yaml.safe_load(vector)["sinks"]["redactd"]
        self.assertEqual((sink["address"], sink["framing"]), (f"127.0.0.1:{self.port()}", {"method": "newline_delimited"}))
        daemon, aggregator = self.redactd(redactd, framing="newline")
        with Client(self.port()) as client:
            client.send(f'{{"message":"login with {self.plant(token())} end","password":"{self.plant(secret(size=18))}"}}\n'.encode())
        self.assertEqual(aggregator.wait_for(1), [f'{{"message":"login with {TOKEN_MASK} end","password":"[REDACTED:password]"}}'.encode()])
        daemon.stop()


class Page(unittest.TestCase):
    def test_every_recipe_has_a_test(self):
        titles = set(re.findall(r"^## (.*)$", read(PAGE), re.MULTILINE)) - {"What is tested how"}
        shown = set(re.findall(r'(?:self\.shown|self\.command)\("([^"]*)"', read(__file__)))
        self.assertEqual(shown, titles)


if __name__ == "__main__":
    unittest.main()
