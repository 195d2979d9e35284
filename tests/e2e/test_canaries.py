"""A thousand made-up secrets of many kinds pass through a daemon that says all it can; then every place that it leaves
traces in is looked through, its memory among them. All of them have one mark in common, which nothing else has."""

import os
import random
import re
import shutil
import subprocess
import unittest

from aggregator import Aggregator
from daemon import SANITIZED, DaemonTest, sink_to
from harness import secret
from wire import Client, frames, free_port, wait_until

OCTET = "octet-counting"
COUNT = 1000
SHAPES = [  # {N}: N characters, hexadecimal, the mark among them; {UN}: so, in capitals that AWS uses
    "password={20}", '"api_key": "{32}"', "Authorization: Bearer {40}", "postgres://app:{24}@db/x", "gh" + "p_{36}",
    "xox" + "b-111111111111-222222222222-{24}", "AKI" + "A{U16}", "gl" + "pat-{20}", "sk_li" + "ve_{24}", "npm" + "_{36}",
    "SG" + ".Qz{20}.Wk{41}", "dop" + "_v1_{64}", "AIz" + "aSy{33}", "DB_SECRET={30}", "-H 'X-Api-Key: {32}'",
    "aws_secret_access_key = {40}", "--password {18}", "hv" + "s.{90}", "pypi-AgEI" + "cHlwaS5vcmc{60}",
    "client_secret={32}&x=1", "https://u:{20}@h/", "<password>{20}</password>", "token: {32}", "Cookie: session={32}",
    "PGPASSWORD={16} psql", "-----BEGIN PRIVATE" + " KEY-----\\n{64}\\n{64}\\n-----END PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJ{40}.{43}"]


def in_capitals(text):
    return text.upper().translate(str.maketrans("0189", "WXYZ"))


class Planted:
    def __init__(self):
        self.random = random.Random(os.urandom(8))
        self.mark = "".join(self.random.sample("0123456789abcdef", 12))

    def characters(self, size):
        rest = "".join(self.random.choice("0123456789abcdef") for _ in range(size - len(self.mark)))
        at = self.random.randrange(len(rest) + 1) if rest else 0
        return rest[:at] + self.mark + rest[at:]

    def line(self, number):
        shape = SHAPES[number % len(SHAPES)]
        while "{" in shape:
            before, rest = shape.split("{", 1)
            size, after = rest.split("}", 1)
            made = self.characters(int(size.lstrip("U")))
            shape = before + (in_capitals(made) if size[0] == "U" else made) + after
        return f"<13>record {number} says {shape} and goes on".encode()

    def count(self, data):
        """Occurrences of the mark, either way that it is written."""
        return data.count(self.mark.encode()) + data.count(in_capitals(self.mark).encode())


class Canaries(DaemonTest):
    def setUp(self):
        super().setUp()
        self.planted = Planted()
        self.records = [self.planted.line(number) for number in range(COUNT)]
        self.aggregator = Aggregator(self)
        self.spool = os.path.join(self.folder, "spool")

    def start(self, **more):
        return self.start_between(self.aggregator, sink={"spool": {"directory": self.spool}}, log={"level": "trace"}, **more)

    def send(self, client):
        """In pieces of all sizes, so that records are cut everywhere."""
        data = frames(OCTET, self.records)
        while data:
            size = self.planted.random.choice((1, 7, 100, 4096, 30000))
            client.send(data[:size])
            data = data[size:]

    def assert_nothing_in(self, data, where):
        self.assertEqual(self.planted.count(data), 0, f"planted secrets in {where}")

    def assert_nothing_in_folder(self, folder):
        found = 0
        for base, _, names in os.walk(folder):
            for name in names:
                found += 1
                with open(os.path.join(base, name), "rb") as file:
                    self.assert_nothing_in(file.read(), os.path.join(base, name))
        return found

    def assert_nothing_outside_memory(self, daemon):
        self.assert_nothing_in("".join(daemon.ask(page)[1] for page in ("/", "/metrics", "/healthz", "/readyz", "/version", "/x")).encode(),
                               "the admin pages")
        for name in ("environ", "cmdline", "comm", "status"):
            with open(f"/proc/{daemon.pid}/{name}", "rb") as file:
                self.assert_nothing_in(file.read(), name)
        self.assertGreater(self.assert_nothing_in_folder(self.spool), 0)
        self.assertGreater(self.assert_nothing_in_folder(daemon.folder), 1)

    def core(self, daemon, everything=True):
        """All of its memory, what it asks to be left out too. Core dumps are off; root may take one all the same."""
        if os.geteuid() != 0 or not shutil.which("gdb"):
            self.skipTest("needs root and gdb, to take a core")
        path = os.path.join(self.folder, "core")
        done = subprocess.run(["gdb", "--readnever", "-nx", "-batch", "-iex", "set auto-solib-add off", "-p", str(daemon.pid),
                               "-ex", "set use-coredump-filter off", "-ex", "set dump-excluded-mappings " + ("on" if everything else "off"),
                               "-ex", "gcore " + path],
                              capture_output=True, timeout=120, check=False)
        self.assertTrue(os.path.exists(path), done.stderr.decode(errors="replace"))
        with open(path, "rb") as file:
            data = file.read()
        os.remove(path)
        self.assertGreater(len(data), 1 << 20)
        return data

    def assert_nothing_in_memory(self, daemon):
        """Buffers are overwritten when they are given back, those of a worker within a second."""
        if not SANITIZED:
            wait_until(lambda: self.planted.count(self.core(daemon)) == 0, "memory without planted secrets", pause=1)

    def pass_all(self, port, **client):
        with Client(port, **client) as connection:
            self.send(connection)
            got = self.aggregator.wait_for(COUNT)
        self.assert_nothing_in(b"\n".join(got), "what the aggregator has got")
        self.assertEqual([int(record.split(b" ")[1]) for record in got], list(range(COUNT)))

    def test_nothing_of_them_is_left_anywhere(self):
        self.assertEqual(sum(self.planted.count(record) > 0 for record in self.records), COUNT)
        daemon, port = self.start()
        self.pass_all(port)
        daemon.wait_for_metric(COUNT, "redactd_sink_sent_records_total", sink="out")
        self.assert_nothing_outside_memory(daemon)
        self.assert_nothing_in_memory(daemon)
        daemon.stop()
        self.assert_nothing_in_folder(self.folder)

    def test_nothing_of_them_is_left_when_the_aggregator_is_away(self):
        daemon, port = self.start()
        self.aggregator.go_away()
        wait_until(lambda: daemon.metric("redactd_sink_connected", sink="out") == 0, "the lost connection is noticed")
        with Client(port) as client:
            self.send(client)
            daemon.wait_for_metric(COUNT, "redactd_sink_spool_records", sink="out")
        self.assert_nothing_outside_memory(daemon)
        self.assert_nothing_in_memory(daemon)
        daemon.stop()
        self.assert_nothing_in_folder(self.folder)

    @unittest.skipIf(SANITIZED, "a sanitizer keeps memory back")
    def test_the_key_of_fingerprints_is_in_locked_memory_alone(self):
        """Once, in a page that is never swapped and stands in no core."""
        secret_key = self.plant(secret("", 40, "mask key"))
        key = self.write("mask.key", secret_key + "\n")
        os.chmod(key, 0o600)
        daemon, port = self.start(mask={"style": "fingerprint"}, mask_key={"id": "k1", "file": key})
        self.pass_all(port)
        daemon.wait_for_metric(COUNT, "redactd_sink_sent_records_total", sink="out")
        daemon.reload()
        with open(f"/proc/{daemon.pid}/status", encoding="ascii") as file:
            self.assertGreaterEqual(int(re.search(r"VmLck:\s+(\d+) kB", file.read())[1]), 8)
        self.assertNotIn("cannot be locked", daemon.says())
        wait_until(lambda: self.core(daemon).count(secret_key.encode()) == 1,
                   lambda: f"the key is in memory {self.core(daemon).count(secret_key.encode())} times", pause=1)
        self.assertEqual(self.core(daemon, everything=False).count(secret_key.encode()), 0)
        daemon.stop()

    @unittest.skipIf(SANITIZED, "a sanitizer keeps memory back")
    def test_the_search_finds_what_is_in_memory(self):
        """A record that is open is there, in clear, until its end comes."""
        daemon, port = self.start()
        with Client(port) as client:
            client.send(b"900 " + self.records[0])
            daemon.wait_for_metric(1, "redactd_source_connections_total", source="in")
            wait_until(lambda: daemon.metric("redactd_source_received_bytes_total", source="in") > 0, "bytes have come")
            self.assertGreater(self.planted.count(self.core(daemon)), 0)
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
