"""Two hosts in network namespaces whose link fails; and the kinds of addresses."""

import errno
import os
import signal
import socket
import subprocess
import time
import unittest

import peers
from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, Endpoint, sink_to, token
from harness import BINARY
from wire import PATIENCE, Client, frame, free_port, listens, send_records, wait_until

OCTET = "octet-counting"


class Link:
    """A network namespace with a link to it."""

    def __init__(self, test):
        if os.geteuid() != 0:
            raise unittest.SkipTest("network namespaces need root")
        self.ip = peers.find("ip", "the package iproute2")
        self.name = f"redactd{os.getpid()}"
        self.here, self.there = f"rd{os.getpid()}a", f"rd{os.getpid()}b"
        number = os.getpid() % 250
        self.near, self.far = f"198.18.{number}.1", f"198.18.{number}.2"  # addresses that are kept for tests
        try:
            self.run("netns", "add", self.name)
        except subprocess.CalledProcessError as error:
            raise unittest.SkipTest(f"no network namespaces here: {error.stderr.decode().strip()}") from None
        test.addCleanup(self.run, "netns", "delete", self.name)
        # Of its own: that of a namespace goes only some time after it.
        test.addCleanup(self.run, "link", "delete", self.here)
        self.run("link", "add", self.here, "type", "veth", "peer", "name", self.there, "netns", self.name)
        self.run("address", "add", f"{self.near}/24", "dev", self.here)
        self.run("link", "set", self.here, "up")
        self.run("-n", self.name, "address", "add", f"{self.far}/24", "dev", self.there)
        self.run("-n", self.name, "link", "set", self.there, "up")

    def run(self, *arguments):
        subprocess.run([self.ip, *arguments], check=True, capture_output=True)

    def down(self):
        """At the far end: here, what is sent vanishes, and nobody says so."""
        self.run("-n", self.name, "link", "set", self.there, "down")

    def up(self):
        self.run("-n", self.name, "link", "set", self.there, "up")


class FailingLink(DaemonTest):
    def setUp(self):
        super().setUp()
        self.link = Link(self)
        self.aggregator = Aggregator(self, host=self.link.far, namespace=self.link.name)
        self.sent = 0

    def start(self, peer_timeout):
        self.daemon, self.port = self.start_between(self.aggregator, sink={
            "peer_timeout": peer_timeout, "connect_timeout": "500ms", "reconnect_min": "50ms", "reconnect_max": "200ms", "keepalive": "1s"})
        self.client = Client(self.port)
        self.addCleanup(self.client.close)

    def send(self, count):
        for _ in range(count):
            self.client.send(frame(OCTET, b"<13>number %d" % self.sent))
            self.sent += 1

    def numbers(self):
        return [int(record.split()[1]) for record in list(self.aggregator.records)]

    def connected(self):
        return self.daemon.metric("redactd_sink_connected", sink="out") >= 1

    def test_a_short_failure_is_outlived(self):
        self.start("30s")
        self.send(100)
        self.aggregator.wait_for(100)
        self.link.down()
        self.send(100)
        time.sleep(0.3)
        self.link.up()
        self.send(100)
        self.aggregator.wait_for(300)
        self.daemon.stop()
        self.assertEqual(self.numbers(), list(range(300)))

    def test_a_dead_peer_is_noticed_and_what_was_queued_arrives(self):
        self.start("1s")
        self.send(100)
        self.aggregator.wait_for(100)
        self.link.down()
        self.send(1)  # goes into the void
        begun = time.monotonic()
        wait_until(lambda: not self.connected(), "the dead peer is noticed")
        self.assertLess(time.monotonic() - begun, 15)
        self.send(1000)  # queued
        self.daemon.wait_for_metric(2, "redactd_sink_connect_failures_total", sink="out")
        self.link.up()
        wait_until(lambda: 1100 in self.numbers(), lambda: f"the last record, behind {self.numbers()[-3:]}")
        self.daemon.stop()
        numbers = self.numbers()
        self.assertEqual([number for number in numbers if number > 100], list(range(101, 1101)))
        self.assertEqual(sorted(set(numbers)), list(range(1101)), "also the one that went into the void")

    def test_a_silent_peer_is_noticed_without_a_record(self):
        self.start("1s")
        self.send(1)
        self.aggregator.wait_for(1)
        self.link.down()
        wait_until(lambda: not self.connected(), "the dead peer is noticed")
        self.link.up()
        wait_until(self.connected, "connected again")
        self.send(1)
        self.aggregator.wait_for(2)
        self.daemon.stop()


class PortOfNobody(DaemonTest):
    def test_is_not_taken_for_a_peer_when_the_kernel_connects_it_to_itself(self):
        """Which it does where the port is among those that it takes for clients: here there are hardly any others."""
        link, port = Link(self), 41002
        link.run("-n", link.name, "link", "set", "lo", "up")
        link.run("netns", "exec", link.name, "sh", "-c", f"echo {port} {port + 1} > /proc/sys/net/ipv4/ip_local_port_range")
        daemon = self.start_daemon(
            [{"type": "stdin"}],
            [{"endpoints": [f"tcp://127.0.0.1:{port}"], "framing": OCTET, "reconnect_min": "10ms", "reconnect_max": "20ms"}],
            wait=False, stdin=subprocess.PIPE, command=(link.ip, "netns", "exec", link.name, BINARY))
        wait_until(lambda: "ready" in daemon.says(), daemon.says)
        time.sleep(1)
        self.assertNotIn("sink connected", daemon.says())
        aggregator = self.listen_between_attempts(host="127.0.0.1", port=port, namespace=link.name)
        daemon.process.stdin.write(b"hello\n")
        daemon.process.stdin.close()
        self.assertEqual(aggregator.wait_for(1), [b"hello"])
        daemon.wait()

    def listen_between_attempts(self, **where):
        """An attempt of the daemon may hold the port at the moment."""
        listening = []

        def listen():
            try:
                listening.append(Aggregator(self, **where))
            except OSError as error:
                self.assertEqual(error.errno, errno.EADDRINUSE)
            return listening

        wait_until(listen, "the port can be listened at")
        return listening[0]


class Addresses(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)

    def assert_serves(self, listen, *hosts, port):
        daemon = self.start_daemon([{"listen": listen}], [sink_to(self.aggregator)])
        for number, host in enumerate(hosts, 1):
            send_records((host, port), OCTET, [host.encode()])
            self.aggregator.wait_for(number)
        daemon.stop()
        self.assertEqual(sorted(self.aggregator.records), sorted(host.encode() for host in hosts))

    def test_a_datagram_carries_the_line_feeds_of_its_record(self):
        path = os.path.join(self.folder, "agent")
        planted = self.plant(token())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as agent:
            agent.bind(path)
            agent.settimeout(PATIENCE)
            port = free_port()
            daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{port}"}], [{"type": "unix", "endpoints": [f"unixgram://{path}"]}])
            send_records(port, OCTET, [b"<13>one\n  two " + planted.encode() + b"\n  three\n", b"<13>four"])
            self.assertEqual(agent.recv(65536), b"<13>one\n  two " + TOKEN_MASK.encode() + b"\n  three\n")
            self.assertEqual(agent.recv(65536), b"<13>four")
            daemon.stop()

    def test_of_a_datagram_that_the_kernel_cut_the_end_does_not_go_on(self):
        largest, hidden = 256 * 1024, 64 * 1024  # a secret across the cut cannot be seen whole
        path = os.path.join(self.folder, "log")
        planted = self.plant(token()).encode()
        begin = (b"<13>" + b"words " * (largest // 6))[:largest - 10]
        record = begin + planted + b" behind"
        daemon = self.start_daemon([{"listen": f"unixgram://{path}"}], [sink_to(self.aggregator)])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * len(record))
            try:
                client.sendto(record, path)
            except OSError:
                self.skipTest("net.core.wmem_max bounds datagrams to less")
            client.sendto(b"<13>next", path)
        self.assertEqual(self.aggregator.wait_for(2), [begin[:largest - hidden], b"<13>next"])
        daemon.stop()

    def test_a_receive_buffer_that_the_system_does_not_give_is_told(self):
        for asked, told in (("64KiB", False), ("1GiB", True)):
            with self.subTest(asked):
                listen = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
                daemon = self.start_daemon([{"listen": listen, "receive_buffer": asked}], [sink_to(self.aggregator)])
                daemon.stop()
                self.assertEqual("raise net.core.rmem_max" in daemon.says(), told, daemon.says())

    def test_datagrams_that_its_buffer_has_no_room_for_are_counted(self):
        port, count = free_port(socket.SOCK_DGRAM), 5000
        daemon = self.start_daemon([{"listen": f"udp://127.0.0.1:{port}"}], [sink_to(self.aggregator)])
        daemon.signal(signal.SIGSTOP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for _ in range(count):
                client.sendto(b"<13>hello", ("127.0.0.1", port))
        daemon.signal(signal.SIGCONT)
        daemon.wait_for_metric(1, "redactd_source_lost_datagrams_total")
        counted = ("received_records", "lost_datagrams")
        wait_until(lambda: sum(daemon.metric(f"redactd_source_{name}_total") for name in counted) == count, "all are counted")
        daemon.stop()

    def test_ipv6(self):
        if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 here")
        port = free_port(host="::1")
        self.assert_serves(f"tcp://[::1]:{port}", "::1", port=port)

    def test_link_local_addresses(self):
        link = Link(self)
        link.run("address", "add", "fe80::7/64", "dev", link.here, "nodad")
        host, port = f"fe80::7%{link.here}", free_port()
        aggregator = Aggregator(self, host="::")
        daemon = self.start_daemon([{"listen": f"tcp://[{host}]:{port}"}], [sink_to(Endpoint(f"tcp://[{host}]:{aggregator.port}", OCTET))])
        send_records((host, port), OCTET, [b"<13>near"])
        self.assertEqual(aggregator.wait_for(1), [b"<13>near"])
        daemon.stop()

    def test_all_addresses(self):
        port = free_port()
        hosts = ["127.0.0.1", "127.0.0.2"] + (["::1"] if os.path.exists("/proc/net/if_inet6") else [])
        self.assert_serves(f"tcp://*:{port}", *hosts, port=port)

    def test_a_name(self):
        port = free_port()
        self.assert_serves(f"tcp://localhost:{port}", "localhost", port=port)

    def test_all_addresses_of_a_name(self):
        """As many machines name it: an address of IPv6, one of IPv4, and one that this machine lacks."""
        hosts = self.write("hosts", "::1 both.test\n127.0.0.1 both.test\n192.0.2.7 both.test\n")
        command = ("unshare", "--mount", "sh", "-c", f'mount --bind "{hosts}" /etc/hosts && exec "$0" "$@"', BINARY)
        if os.geteuid() != 0 or subprocess.run([*command[:-1], "true"], check=False, capture_output=True).returncode != 0:
            self.skipTest("another /etc/hosts takes root and mount namespaces")
        if not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 here")
        port, of_datagrams = free_port(), free_port(socket.SOCK_DGRAM)
        daemon = self.start_daemon([{"listen": f"tcp://both.test:{port}"}, {"listen": f"udp://both.test:{of_datagrams}"}],
                                   [sink_to(self.aggregator)], command=command)
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            send_records((host, port), OCTET, [f"<13>stream {host}".encode()])
            with socket.socket(family, socket.SOCK_DGRAM) as client:
                client.sendto(f"<13>datagram {host}".encode(), (host, of_datagrams))
        self.assertEqual(sorted(self.aggregator.wait_for(4)), [b"<13>datagram 127.0.0.1", b"<13>datagram ::1", b"<13>stream 127.0.0.1", b"<13>stream ::1"])
        daemon.stop()

    def test_an_aggregator_with_ipv6(self):
        if not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 here")
        self.aggregator = Aggregator(self, host="::1")
        daemon, port = self.start_between(self.aggregator)
        send_records(port, OCTET, [b"hello"])
        self.assertEqual(self.aggregator.wait_for(1), [b"hello"])
        daemon.stop()


class SilentResolver(DaemonTest):
    """A name server that takes questions and answers none, which getaddrinfo waits for many seconds."""

    def setUp(self):
        super().setUp()
        hosts = self.write("hosts", "127.0.0.1 known.test\n")
        servers = self.write("resolv.conf", "nameserver 127.53.0.1\noptions timeout:15 attempts:1\n")
        mounts = f'mount --bind "{hosts}" /etc/hosts && mount --bind "{servers}" /etc/resolv.conf'
        self.command = ("unshare", "--mount", "sh", "-c", mounts + ' && exec "$0" "$@"', BINARY)
        if os.geteuid() != 0 or subprocess.run([*self.command[:-1], "true"], check=False, capture_output=True).returncode != 0:
            self.skipTest("another /etc/hosts takes root and mount namespaces")
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.53.0.1", 53))
        self.aggregator = Aggregator(self)

    def start(self, *endpoints):
        port = free_port()
        sinks = [{"endpoints": [endpoint], "when_full": "drop_newest", "connect_timeout": "1s"} for endpoint in endpoints]
        daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{port}"}], sinks, workers=1, command=self.command, wait=False,
                                   drain_timeout="1s")
        wait_until(lambda: listens(port), "it listens")
        return daemon, port

    def test_holds_up_no_other_sink(self):
        port = self.aggregator.port
        daemon, source = self.start(f"tcp://unknown.test:{port}", f"tcp://known.test:{port}")
        send_records(source, OCTET, [b"<13>hello"])
        self.assertEqual(self.aggregator.wait_for(1, 10), [b"<13>hello"])
        daemon.process.kill()

    def test_holds_up_no_end(self):
        daemon, _ = self.start(f"tcp://unknown.test:{self.aggregator.port}")
        wait_until(lambda: "cannot connect" in daemon.says(), "it has asked")
        begun = time.monotonic()
        daemon.stop()
        self.assertLess(time.monotonic() - begun, 8)


if __name__ == "__main__":
    unittest.main()
