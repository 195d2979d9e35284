"""Faults of the machine and of clients that no other page has: the clock, memory, a disk that is read-only, slow-loris."""

import os
import re
import resource
import struct
import subprocess
import threading
import time
import unittest

import certificates
from aggregator import Aggregator
from daemon import SANITIZED, TOKEN_MASK, DaemonTest, sink_to, token
from wire import Client, frame, frames, free_port, wait_until

OCTET = "octet-counting"
CLOCK = os.environ.get("REDACTD_JUMPING_CLOCK")  # tests/testing/jumping_clock.cc
YEAR = 365 * 24 * 3600


def number_of(record):
    return int(re.search(rb"record (\d+)", record).group(1))


class FaultTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)
        self.secret = self.plant(token()).encode()
        self.spool = os.path.join(self.folder, "spool")
        self.next = 0

    def start(self, **more):
        spool = {"directory": self.spool, "fsync": "always", **more.pop("spool", {})}
        self.daemon, self.port = self.start_between(
            self.aggregator, sink={"spool": spool, "reconnect_min": "10ms", "reconnect_max": "50ms"}, **more)

    def record(self, number, size=0):
        return b"<13>record %d %s %s" % (number, self.secret, b"x" * size)

    def send(self, count, size=0):
        with Client(self.port) as client:
            client.send(frames(OCTET, [self.record(number, size) for number in range(self.next, self.next + count)]))
        self.next += count

    def assert_all_came(self):
        masked = self.secret, TOKEN_MASK.encode()
        records = self.aggregator.wait_for(self.next)
        # Each send() has a connection of its own, and between connections there is no order.
        self.assertEqual(sorted((record.partition(b"x")[0] for record in records), key=number_of),
                         [self.record(number).replace(*masked) for number in range(self.next)])


@unittest.skipUnless(CLOCK, "the library that moves the clock is not built; ctest names it")
class Clock(FaultTest):
    def test_its_jumps_hold_up_nothing(self):
        path = self.write("offset", struct.pack("q", 0))

        def jump(years):
            with open(path, "r+b") as file:
                file.write(struct.pack("q", years * YEAR))

        self.start(environment={"LD_PRELOAD": CLOCK, "JUMPING_CLOCK": path})
        for years in (10, -10, 0, -30, 1):
            self.send(100)
            self.assert_all_came()
            jump(years)
            self.aggregator.drop_connections(reset=True)  # so that it has to wait, and to connect
            self.send(100)
            self.assert_all_came()
        self.assertIn("rules=", self.daemon.says())
        self.daemon.reload()
        said = set(re.findall(r"^(\d{4})-", self.daemon.says(), re.MULTILINE))
        self.assertGreater(len(said), 2, "the clock did not jump")
        spent = self.daemon.cpu_seconds()
        time.sleep(0.5)
        self.assertLess(self.daemon.cpu_seconds() - spent, 0.2, "it spins")
        self.daemon.stop()


@unittest.skipIf(SANITIZED, "a sanitizer's memory is not the program's")
class Memory(FaultTest):
    def test_without_any_left_nothing_is_in_clear_and_nothing_of_a_spool_is_lost(self):
        self.start(spool={"max_size": "256MiB"})
        self.send(1000)
        self.assert_all_came()
        self.aggregator.go_away()
        wait_until(lambda: self.daemon.metric("redactd_sink_connected", sink="out") == 0, "the lost connection is noticed")
        self.send(1000)
        self.daemon.wait_for_metric(1000, "redactd_sink_spool_records", sink="out")
        self.leave_no_memory()
        clients = []
        for number in range(200):  # they need some
            try:
                client = Client(self.port)
                client.socket.settimeout(1)
                client.send(frame(OCTET, b"<13>memory %d %s " % (number, self.secret) + b"y" * 200_000))
                clients.append(client)
            except OSError:  # closed: one that could not be served
                pass
        for client in clients:
            client.close()
        if self.daemon.process.poll() is None:
            resource.prlimit(self.daemon.pid, resource.RLIMIT_DATA, self.unlimited)
        wait_until(lambda: self.daemon.process.poll() is not None or self.answers(), "it lives on, or has ended")
        died = self.daemon.process.poll() is not None
        self.assertTrue(died or self.daemon.metric("redactd_engine_errors_total") > 0, "memory was not short")
        print(f"\nwithout memory: {'redactd ended' if died else 'connections ended'}", flush=True)
        if died:  # the service manager starts it again
            self.assertIn("redactd: out of memory", self.daemon.says())
            self.assertEqual(self.daemon.process.returncode, 1)
            self.daemon.look_for_secrets()
            self.start()
        self.aggregator.listen()
        wait_until(lambda: self.count_of(b"<13>record") >= 2000, lambda: f"{self.count_of(b'<13>record')} records of 2000")
        self.send(1000)
        wait_until(lambda: self.count_of(b"<13>record") >= 3000, lambda: f"it goes on; it says:\n{self.daemon.says()[-2000:]}")
        self.daemon.stop()
        for record in self.aggregator.records:
            self.assertNotIn(self.secret, record)
            self.assertIn(TOKEN_MASK.encode(), record)

    def leave_no_memory(self):
        """RLIMIT_DATA, not RLIMIT_AS: malloc has reserved addresses, and asks for memory behind them as it goes."""
        with open(f"/proc/{self.daemon.pid}/status", encoding="ascii") as file:
            size = int(re.search(r"VmData:\s+(\d+)", file.read())[1]) * 1024
        self.unlimited = resource.prlimit(self.daemon.pid, resource.RLIMIT_DATA)
        resource.prlimit(self.daemon.pid, resource.RLIMIT_DATA, (size + (256 << 10), self.unlimited[1]))

    def answers(self):
        try:
            return self.daemon.ask("/healthz")[0] == 200
        except OSError:
            return False

    def count_of(self, beginning):
        return sum(record.startswith(beginning) for record in self.aggregator.records)


class Disk(FaultTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        self.disk = os.path.join(self.folder, "disk")
        os.mkdir(self.disk)
        self.spool = os.path.join(self.disk, "spool")
        done = self.mount("-t", "tmpfs", "-o", "size=4m", "tmpfs")
        if done.returncode != 0:
            self.skipTest(f"no file system can be mounted: {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=True)

    def mount(self, *arguments):
        return subprocess.run(["mount", *arguments, self.disk], capture_output=True)

    def fill(self):
        """With a file, whose path is returned."""
        other = os.path.join(self.disk, "other")
        with open(other, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                return other

    def test_a_full_one_makes_sources_wait_until_there_is_space(self):
        self.start(spool={"max_size": "64MiB", "segment_size": "64KiB"})
        self.send(100)
        self.assert_all_came()
        other = self.fill()
        self.send(100, 2000)
        self.daemon.wait_for_metric(1, "redactd_sink_spool_failing", sink="out")
        self.assertIn("No space left on device", self.daemon.says())
        self.assertEqual(self.daemon.ask("/readyz")[0], 503)
        os.remove(other)
        self.assert_all_came()
        wait_until(self.daemon.is_ready, "ready again")
        self.daemon.stop()

    def test_one_that_the_spool_has_filled_is_emptied_when_the_aggregator_returns(self):
        """There may be no space left to note what was sent, which must not keep that from being deleted."""
        self.aggregator.go_away()
        self.start(spool={"max_size": "64MiB", "segment_size": "64KiB"})
        self.send(3000, 2000)
        self.daemon.wait_for_metric(1, "redactd_sink_spool_failing", sink="out")
        self.fill()  # to the last byte
        self.aggregator.listen()
        self.assert_all_came()
        wait_until(lambda: self.daemon.metric("redactd_sink_spool_records", sink="out") == 0, "the spool is empty")
        self.daemon.stop()

    def test_a_read_only_one_is_refused_at_the_start(self):
        self.assertEqual(self.mount("-o", "remount,ro").returncode, 0)
        self.start(wait=False)
        self.assertNotEqual(self.daemon.process.wait(60), 0)
        self.assertIn("Read-only file system", self.daemon.says())


class LogFile(FaultTest):
    def test_one_that_may_not_grow_ends_nothing(self):
        """RLIMIT_FSIZE sends a signal besides the error, whose default is to end the process."""
        self.start()
        size = len(self.daemon.says())
        limits = resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE, (size, limits[1]))
        self.daemon.reload()
        self.assertEqual(len(self.daemon.says()), size)
        resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE, limits)
        self.daemon.reload()
        self.assertIn("configuration reloaded", self.daemon.says())
        self.send(10)
        self.assert_all_came()
        self.daemon.stop()


class SlowLoris(FaultTest):
    def test_connections_that_never_finish_a_record_harm_nobody_and_are_closed_in_the_end(self):
        self.start(source={"max_connections": 600, "idle_timeout": "5s"})
        self.send(100)
        self.assert_all_came()  # what the first records bring into memory is not the connections'
        before = self.daemon.resident()
        loris = [Client(self.port) for _ in range(500)]
        for byte in b"999 <13>":
            for client in loris:
                client.send(bytes([byte]))
            self.send(100)
        self.assert_all_came()
        self.assertEqual(self.daemon.metric("redactd_source_open_connections", source="in"), 500)
        if not SANITIZED:
            in_flight = 4 << 20  # the honest records', kept by the allocator: more of it where the aggregator is slow
            self.assertLess(self.daemon.resident() - before, in_flight + 500 * 16384)
        self.assertTrue(all(client.is_closed_by_peer() for client in loris))
        self.assertEqual(self.daemon.metric("redactd_source_idle_closed_connections_total", source="in"), 500)
        self.daemon.stop()

    def test_one_is_closed_when_its_time_is_over_and_not_up_to_a_second_later(self):
        port, tls_port, server = free_port(), free_port(), certificates.server()
        tls = {"certificate": server.certificate, "key": server.key}
        daemon = self.start_daemon(
            [{"listen": f"tcp://127.0.0.1:{port}", "idle_timeout": "700ms"},
             {"listen": f"tls://127.0.0.1:{tls_port}", "tls": tls, "handshake_timeout": "700ms"}], [sink_to(self.aggregator)])
        lateness = []

        def wait_for_end(to):
            with Client(to) as client:
                begun = time.monotonic()
                self.assertTrue(client.is_closed_by_peer())
                lateness.append(time.monotonic() - begun - 0.7)

        waits = [threading.Thread(target=wait_for_end, args=(to,)) for to in (port, tls_port) * 10]
        for wait in waits:
            wait.start()
            time.sleep(0.05)  # spread over the second in which redactd might look once
        for wait in waits:
            wait.join()
        self.assertEqual(len(lateness), 20)
        self.assertGreater(min(lateness), -0.05)
        # A busy machine makes some of them late; looks once a second would leave no more than a seventh of them in time.
        self.assertLess(sorted(lateness)[len(lateness) // 4], 0.15, lateness)
        daemon.stop()

    def test_a_byte_now_and_then_keeps_no_place(self):
        """On every port. Who ends records as slowly is not meant."""
        server = certificates.server()
        tls = {"certificate": server.certificate, "key": server.key}
        ports = [free_port() for _ in range(3)]
        listen = [{"listen": f"tcp://127.0.0.1:{ports[0]}"}, {"listen": f"tls://127.0.0.1:{ports[1]}", "tls": tls},
                  {"listen": f"tcp://127.0.0.1:{ports[2]}", "type": "relp"}]
        daemon = self.start_daemon([{**each, "idle_timeout": "3s"} for each in listen], [sink_to(self.aggregator)])
        loris = []
        for port, begins in ((ports[0], b"9999 <13>"), (ports[0], b"<13>a line "), (ports[1], b"9999 <13>"),
                             (ports[2], b"1 open 999 "), (ports[2], b"1 open 0\n2 syslog 999 <13>")):
            loris += [Client(port, certificates.client_context() if port == ports[1] else None) for _ in range(5)]
            for client in loris[-5:]:
                client.send(begins)
        honest = Client(ports[0])
        honest.send(b"<13>begins\n")
        begun, sent = time.monotonic(), 1
        while loris:
            self.assertLess(time.monotonic() - begun, 60, f"{len(loris)} connections keep their places")
            loris = [client for client in loris if self.drips(client)]
            if time.monotonic() - begun < 8 or loris:
                honest.send(b"<13>goes on\n")
                sent += 1
            time.sleep(0.5)
        self.aggregator.wait_for(sent)
        self.assertEqual(sum(record in (b"<13>begins", b"<13>goes on") for record in self.aggregator.records), sent)
        honest.close()
        daemon.stop()

    @staticmethod
    def drips(client):
        """False when it has been closed."""
        try:
            client.send(b"x")
        except OSError:
            return False
        return not client.is_closed_by_peer(0.001)


if __name__ == "__main__":
    unittest.main()
