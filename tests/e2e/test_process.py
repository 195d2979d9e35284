"""The process: how it starts, ends, runs out of file descriptors, and talks to the service manager."""

import base64
import binascii
import contextlib
import os
import re
import resource
import select
import signal
import socket
import statistics
import sys
import threading
import time
import unittest

import certificates
from aggregator import Aggregator
from daemon import SANITIZED, TOKEN_MASK, DaemonTest, sink_to, token
from harness import BINARY
from wire import PATIENCE, Client, frame, frames, free_port, listens, wait_until

OCTET = "octet-counting"


def fill(sender, path):
    """The queue of the datagram socket at `path`, which nobody reads."""
    sender.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            sender.sendto(b"of others", path)


class ProcessTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)


class Ending(ProcessTest):
    def test_sigterm_drains_what_was_read(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            aggregator = Aggregator(self, receive_buffer=65536)
            daemon, port = self.start_between(aggregator, sink={"send_buffer": "64KiB"})
            aggregator.stall()
            records = [b"<13>record %d " % at + b"x" * 500 for at in range(5000)]
            with Client(port) as client:
                client.send(frames(OCTET, records))
                daemon.wait_for_metric(5000, "redactd_source_received_records_total", source="in")
                daemon.signal(number)
                wait_until(lambda: not listens(port), "it accepts no more")
                self.assertIsNone(daemon.process.poll(), "it did not wait for the aggregator")
                aggregator.resume()
                daemon.wait()
            self.assertEqual(aggregator.wait_for(5000), records)

    def test_a_record_that_is_open_is_masked_and_sent(self):
        daemon, port = self.start_between(self.aggregator)
        planted = self.plant(token()).encode()
        with Client(port) as client:
            client.send(b"5 whole100 open token " + planted[:30])
            self.aggregator.wait_for(1)
            daemon.stop()
        self.assertEqual(self.aggregator.records, [b"whole", b"open token " + TOKEN_MASK.encode()])

    def client_of_a_full_sink(self, daemon, port):
        """It has sent until nothing was read any more, for the aggregator reads nothing."""
        self.aggregator.stall()
        client = Client(port)
        client.socket.settimeout(0.5)
        records = frames(OCTET, [b"<13>" + b"x" * 1000] * 100)
        sent = 0
        while True:
            try:
                sent += client.socket.send(records[sent % len(records):])
            except TimeoutError:  # or a busy machine
                if daemon.metric("redactd_source_stalls_total", source="in"):
                    return client

    def test_draining_has_a_deadline(self):
        daemon, port = self.start_between(self.aggregator, drain_timeout="500ms", sink={"queue_bytes": "64KiB"})
        client = self.client_of_a_full_sink(daemon, port)
        begun = time.monotonic()
        daemon.signal(signal.SIGTERM)
        daemon.wait(code=3)  # records were left
        self.assertLess(time.monotonic() - begun, 30)
        client.close()

    def test_without_any_time_to_drain_it_ends_well_when_nothing_is_left(self):
        daemon, port = self.start_between(self.aggregator, drain_timeout=0)
        with Client(port) as client:
            client.send(b"5 whole")
            self.aggregator.wait_for(1)
            daemon.stop()
        self.assertEqual(self.aggregator.records, [b"whole"])

    def test_the_second_signal_ends_it_at_once(self):
        daemon, port = self.start_between(self.aggregator, drain_timeout="10m", sink={"queue_bytes": "64KiB"})
        with self.client_of_a_full_sink(daemon, port):
            daemon.signal(signal.SIGTERM)
            wait_until(lambda: "stopping" in daemon.says(), "it stops")
            self.assertIsNone(daemon.process.poll())
            begun = time.monotonic()
            daemon.signal(signal.SIGTERM)
            daemon.process.wait(PATIENCE)
        self.assertLess(time.monotonic() - begun, 30)
        self.assertNotEqual(daemon.process.returncode, 0)
        daemon.look_for_secrets()

    def test_a_reload_that_is_asked_for_meanwhile_is_refused_at_once(self):
        daemon, port = self.start_between(self.aggregator, drain_timeout="10m", sink={"queue_bytes": "64KiB"})
        with self.client_of_a_full_sink(daemon, port):
            daemon.signal(signal.SIGTERM)
            wait_until(lambda: daemon.ask("/readyz")[0] == 503, "it stops")
            status, body = daemon.ask("/-/reload", "POST")
            self.assertEqual((status, body), (500, "The old configuration stays in force:\nredactd is stopping\n"))
            daemon.signal(signal.SIGTERM)
            daemon.process.wait(PATIENCE)

    def test_signals_of_other_daemons_habits_end_nothing(self):
        daemon, port = self.start_between(self.aggregator)
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            daemon.signal(number)
        with Client(port) as client:
            client.send(frames(OCTET, [b"<13>still here"]))
            self.aggregator.wait_for(1)
        daemon.stop()


class Starting(ProcessTest):
    def test_a_reload_that_is_asked_for_meanwhile_comes_when_it_is_done(self):
        begun = os.path.join(self.folder, "begun")
        slow = {"name": "slow", "command": ["sh", "-c", f"touch {begun}; sleep 0.5; echo {self.plant(token())}"]}
        daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{free_port()}"}], [sink_to(self.aggregator)],
                                   known_values={"exec": [slow]}, wait=False)
        daemon.may_contain.add(daemon.path)
        wait_until(lambda: os.path.exists(begun), "it starts")
        daemon.signal(signal.SIGHUP)
        wait_until(daemon.is_ready, daemon.says)
        daemon.wait_for_metric(1, "redactd_reloads_total", result="ok")
        daemon.stop()


    def test_a_signal_that_comes_meanwhile_ends_it_in_good_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            begun = os.path.join(self.folder, f"begun{number}")
            slow = {"name": "slow", "command": ["sh", "-c", f"touch {begun}; sleep 2"]}
            daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{free_port()}"}], [sink_to(self.aggregator)],
                                       known_values={"exec": [slow]}, wait=False)
            wait_until(lambda: os.path.exists(begun), "it starts")
            daemon.signal(number)
            daemon.wait()

    def test_a_closed_standard_error_is_no_place_for_what_is_opened(self):
        daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{free_port()}"}], [sink_to(self.aggregator)],
                                   command=("sh", "-c", 'exec "$0" "$@" 2>&-', BINARY))
        self.assertEqual(os.readlink(f"/proc/{daemon.pid}/fd/2"), "/dev/null")
        daemon.stop()


    def test_nobody_reading_standard_error_holds_nothing_up(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"\n" * 4096)
        os.set_blocking(writer, True)
        # bash, for dash knows descriptors below 10 alone
        daemon, port = self.start_between(self.aggregator, command=("bash", "-c", f'exec "$0" "$@" 2>&{writer}', BINARY), pass_fds=[writer])
        with Client(port) as client:
            client.send(frame(OCTET, b"hello"), b"no count")
            self.assertTrue(client.is_closed_by_peer())
        self.assertEqual(self.aggregator.wait_for(1), [b"hello"])
        daemon.stop()


class Descriptors(ProcessTest):
    def test_without_any_left_accepting_pauses_and_connections_live_on(self):
        limit = 80
        daemon, port = self.start_between(self.aggregator, workers=2, source={"max_connections": 500},
                                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        first = Client(port)
        first.send(b"5 first")
        self.aggregator.wait_for(1)
        clients = [Client(port) for _ in range(150)]  # the kernel takes them, redactd cannot
        wait_until(lambda: daemon.open_files() >= limit * 0.7, lambda: f"descriptors run out, {daemon.open_files()} are open")
        time.sleep(0.3)
        spent = daemon.cpu_seconds()
        first.send(*[frame(OCTET, b"<13>record %d" % number) for number in range(100)])
        self.aggregator.wait_for(101)
        time.sleep(1)
        self.assertLess(daemon.cpu_seconds() - spent, 0.2, "accepting spins")
        self.assertGreaterEqual(daemon.metric("redactd_accept_pauses_total"), 1)
        self.assertRegex(daemon.says(), 'new connections wait.* raise LimitNOFILE=.* source=in error="Too many open files"')
        self.assertEqual(daemon.ask("/healthz")[0], 200)
        for client in clients:
            client.close()
        with Client(port) as late:
            late.send(b"4 late")
            self.aggregator.wait_for(102)
        first.close()
        daemon.stop()


# Runs a program with the sockets named by its first argument as descriptors 3, 4, …, as systemd does.
ACTIVATE = """
import os, sys
kept = [os.dup2(int(number), 200 + at) for at, number in enumerate(sys.argv[1].split(","))]
for at, number in enumerate(kept):
    os.dup2(number, 3 + at)
    os.close(number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class ServiceManager(ProcessTest):
    def activated(self, names, sockets, sources, **more):
        """A daemon that is handed `sockets` as descriptors 3, 4, …"""
        numbers = [each.fileno() for each in sockets]
        environment = {"LISTEN_FDS": str(len(sockets)), **({"LISTEN_FDNAMES": ":".join(names)} if names else {})}
        return self.start_daemon(sources, [sink_to(self.aggregator)], environment=environment, pass_fds=numbers,
                                 command=(sys.executable, "-c", ACTIVATE, ",".join(map(str, numbers)), BINARY), **more)

    def test_socket_activation(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            daemon = self.activated([], [listener], [{"listen": "systemd://"}])
            self.assertEqual(self.say(listener.getsockname(), b"5 hello"), [b"hello"])
            daemon.stop()

    def test_sockets_by_name(self):
        path = os.path.join(self.folder, "log")
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
            local.bind(path)
            daemon = self.activated(["net", "local"], [listener, local], [{"listen": "systemd://net"}, {"listen": "systemd://local"}])
            self.assertEqual(self.say(listener.getsockname(), b"5 hello"), [b"hello"])
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
                client.sendto(b"<13>local", path)
            self.assertEqual(self.aggregator.wait_for(2)[1], b"<13>local")
            self.assertEqual(daemon.metric("redactd_source_received_records_total", source="in1"), 1)
            daemon.stop()

    def test_datagram_sockets_are_for_syslog_alone(self):
        for number, kind in enumerate(("relp", "tcp")):
            with self.subTest(kind), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
                local.bind(os.path.join(self.folder, f"log{number}"))
                daemon = self.activated(["local"], [local], [{"type": kind, "listen": "systemd://local"}], wait=False)
                self.assertNotEqual(daemon.process.wait(PATIENCE), 0)
                self.assertIn("a datagram socket, which belongs to the type syslog", daemon.says())

    def test_a_connection_is_no_socket_to_listen_on(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            daemon = self.activated(["net"], [ours], [{"listen": "systemd://net"}], wait=False)
            self.assertEqual(daemon.process.wait(PATIENCE), 3)
            self.assertIn("sources[0].listen: systemd has handed over a connection", daemon.says())

    def say(self, address, data):
        with Client(address) as client:
            client.send(data)
            return self.aggregator.wait_for(1)

    def test_notifications(self):
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(PATIENCE)
            said = []

            def hear():
                try:
                    while True:
                        said.extend(manager.recv(4096).decode().splitlines())
                except OSError:
                    pass

            threading.Thread(target=hear, daemon=True).start()
            daemon, _ = self.start_between(self.aggregator, environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"})
            wait_until(lambda: "READY=1" in said, lambda: f"READY in {said}")
            wait_until(lambda: said.count("WATCHDOG=1") >= 3, lambda: f"WATCHDOG in {said}")
            daemon.reload()
            wait_until(lambda: "RELOADING=1" in said and "READY=1" in said[said.index("RELOADING=1"):], lambda: f"RELOADING, READY in {said}")
            self.assertTrue(any(re.match(r"MONOTONIC_USEC=\d+$", line) for line in said), said)
            daemon.stop()
            wait_until(lambda: "STOPPING=1" in said, lambda: f"STOPPING in {said}")
            waits = next(int(line.split("=")[1]) for line in said if line.startswith("EXTEND_TIMEOUT_USEC="))
            self.assertGreater(waits, 10_000_000, "drain_timeout is longer than the manager lets it be")

    def test_a_manager_that_takes_no_message_holds_nothing_up(self):
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            manager.bind(path)
            fill(other, path)
            daemon, port = self.start_between(self.aggregator, environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"})
            self.assertEqual(self.say(port, frame(OCTET, b"hello")), [b"hello"])
            daemon.reload()
            manager.setblocking(False)
            said = b""
            while b"READY=1" not in said:  # it comes once there is room
                select.select([manager], [], [], PATIENCE)
                said = manager.recv(4096)
            fill(other, path)
            daemon.stop()

    def test_a_short_watchdog_is_answered_in_time(self):
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(PATIENCE)
            daemon, _ = self.start_between(self.aggregator, environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "800000"})
            said = []
            while len(said) < 6:
                if b"WATCHDOG=1" in manager.recv(4096):
                    said.append(time.monotonic())
            pauses = [after - before for before, after in zip(said, said[1:])]
            self.assertLess(statistics.median(pauses), 0.6, pauses)
            daemon.stop()

    def test_no_watchdog_for_others(self):
        """WATCHDOG_PID names another process: redactd does not answer for it."""
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(3)
            daemon, _ = self.start_between(self.aggregator, environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"})
            said = b""
            try:
                while True:
                    said += manager.recv(4096)
            except TimeoutError:
                pass
            self.assertNotIn(b"WATCHDOG=1", said)
            daemon.stop()


class Hardening(ProcessTest):
    def test_no_core_is_dumped_and_nobody_may_attach(self):
        os.chmod(self.folder, 0o777)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        daemon, _ = self.start_between(self.aggregator, **nobody)
        with open(f"/proc/{daemon.pid}/limits", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max core file size\s+0\s+0")
        self.assertEqual(os.stat(f"/proc/{daemon.pid}/environ").st_uid, 0, "what may be dumped belongs to its user, the rest to root")
        daemon.stop()

    @unittest.skipIf(os.geteuid() != 0, "only root may look into the memory of a process that may not be dumped")
    @unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
    def test_no_secret_stays_in_memory_when_its_connection_is_closed(self):
        server = certificates.server()
        for tls in (None, {"certificate": server.certificate, "key": server.key}):
            with self.subTest(tls=bool(tls)):
                daemon, port = self.start_between(self.aggregator, tls=tls)
                secret, records = self.plant(token()).encode(), 3000
                before = self.aggregator.count()
                clients = [Client(port, certificates.client_context() if tls else None) for _ in range(32)]
                for client in clients:
                    client.send(frames(OCTET, [b"<13>login token=" + secret + b" done" + b" x" * 40] * records))
                self.aggregator.wait_for(before + len(clients) * records)
                for client in clients:
                    client.close()
                wait_until(lambda: daemon.metric("redactd_source_open_connections", source="in") == 0, "the connection is closed")
                # The buffers that connections share are overwritten when there has been nothing for them for a while.
                wait_until(lambda: self.count_in_memory(daemon, secret) == 0, lambda: f"{self.count_in_memory(daemon, secret)} copies in memory", 5)
                daemon.stop()

    @unittest.skipIf(os.geteuid() != 0, "only root may look into the memory of a process that may not be dumped")
    @unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
    def test_no_secret_stays_in_memory_when_no_datagram_comes_any_more(self):
        path, port = os.path.join(self.folder, "log"), free_port(socket.SOCK_DGRAM)
        for family, to, listen in ((socket.AF_INET, ("127.0.0.1", port), f"udp://127.0.0.1:{port}"), (socket.AF_UNIX, path, f"unixgram://{path}")):
            with self.subTest(listen=listen), socket.socket(family, socket.SOCK_DGRAM) as client:
                daemon = self.start_daemon([{"listen": listen}], [sink_to(self.aggregator)])
                secret, before = self.plant(token()).encode(), self.aggregator.count()
                for number in range(500):
                    client.sendto(b"<13>login token=" + secret + b" done" + b" x" * 40, to)
                    self.aggregator.wait_for(before + number // 50 * 50)  # no more than the socket holds
                self.aggregator.wait_for(before + 500)
                wait_until(lambda: self.count_in_memory(daemon, secret) == 0, lambda: f"{self.count_in_memory(daemon, secret)} copies in memory", 5)
                daemon.stop()

    @unittest.skipIf(os.geteuid() != 0, "only root may look into the memory of a process that may not be dumped")
    @unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
    def test_no_secret_that_was_decoded_stays_in_memory(self):
        daemon, port = self.start_between(self.aggregator)
        for encode in (base64.b64encode, binascii.hexlify):
            with self.subTest(encode=encode.__name__):
                secret, before = self.plant(token()).encode(), self.aggregator.count()
                clients = [Client(port) for _ in range(16)]
                for client in clients:
                    client.send(frames(OCTET, [b"<13>got " + encode(secret) + b" done"] * 100))
                self.aggregator.wait_for(before + 100 * len(clients))
                for state in ("idle", "closed"):
                    wait_until(lambda: self.count_in_memory(daemon, secret) == 0, lambda: f"{self.count_in_memory(daemon, secret)} copies, {state}", 5)
                    for client in clients:
                        client.close()
        daemon.stop()

    def count_in_memory(self, daemon, secret):
        count = 0
        with open(f"/proc/{daemon.pid}/maps", encoding="ascii") as maps, open(f"/proc/{daemon.pid}/mem", "rb", 0) as memory:
            for begin, end in re.findall(r"^(\w+)-(\w+) rw", maps.read(), re.MULTILINE):
                memory.seek(int(begin, 16))
                with contextlib.suppress(OSError):  # given back meanwhile
                    count += memory.read(int(end, 16) - int(begin, 16)).count(secret[8:24])
        return count

    @unittest.skipIf(SANITIZED, "a sanitizer needs more system calls")
    def test_system_calls_are_confined_in_every_thread(self):
        daemon, _ = self.start_between(self.aggregator)
        for thread in os.listdir(f"/proc/{daemon.pid}/task"):
            with open(f"/proc/{daemon.pid}/task/{thread}/status", encoding="ascii") as file:
                self.assertRegex(file.read(), r"NoNewPrivs:\s+1\nSeccomp:\s+2\n")
        self.assertNotIn("does not confine", daemon.says())
        daemon.stop()

    def test_the_sandbox_can_be_left_out(self):
        daemon, _ = self.start_between(self.aggregator, sandbox=False)
        with open(f"/proc/{daemon.pid}/status", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Seccomp:\s+0\n")
        daemon.stop()

    def test_a_log_at_trace_level_holds_no_payload(self):
        daemon, port = self.start_between(self.aggregator, log={"level": "trace"})
        words = [self.plant(token()), self.plant("the" + "words" + "of" + "a" + "record")]
        with Client(port) as client:
            client.send(frame(OCTET, " ".join(words).encode()), b"x bad count ", words[1].encode())
        with Client(port) as client:
            client.send(words[1].encode() + b"\n")
            self.aggregator.wait_for(2)
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
