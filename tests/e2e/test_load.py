"""Many connections, much data, tiny pieces, slow readers: nothing is lost, mixed up or kept in memory without bound."""

import resource
import threading
import time
import unittest

import certificates
from aggregator import Aggregator
from daemon import SANITIZED, TOKEN_MASK, DaemonTest, token
from wire import PATIENCE, Client, frame, frames, free_port, wait_until

OCTET = "octet-counting"


def allow_open_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), max(hard, count)))
    except (ValueError, OSError) as error:
        raise unittest.SkipTest(f"{count} open files are not allowed here: {error}") from None


def numbered(connection, number, planted=b""):
    return b"<13>1 - h app - - - connection=%d number=%d token %s end" % (connection, number, planted)


class LoadTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)
        self.secret = self.plant(token()).encode()

    def assert_in_order(self, connections, records):
        """Each connection's records are all there, once, in the order they were sent, masked."""
        self.assertEqual(self.aggregator.count(), connections * records)
        # A connection's records leave by one of redactd's connections: look at each of those.
        seen = {}
        for arrived in self.aggregator.connections:
            for record in arrived:
                words = record.split()
                connection, number = (int(word.partition(b"=")[2]) for word in words[7:9])
                self.assertEqual(seen.get(connection, 0), number, f"of connection {connection}")
                seen[connection] = number + 1
                self.assertEqual(words[10], TOKEN_MASK.encode())
        self.assertEqual(len(seen), connections)


class ManyConnections(LoadTest):
    def test_a_thousand_at_once(self):
        allow_open_files(4000)
        daemon, port = self.start_between(self.aggregator)
        clients = [Client(port) for _ in range(1000)]
        for number in range(100):
            for connection, client in enumerate(clients):
                client.send(frame(OCTET, numbered(connection, number, self.secret)))
        self.aggregator.wait_for(100000, 2 * PATIENCE)
        self.assertEqual(daemon.metric("redactd_source_open_connections", source="in"), 1000)
        for client in clients:
            client.close()
        daemon.stop()
        self.assert_in_order(1000, 100)

    def test_ten_thousand_idle_ones_take_little_memory(self):
        allow_open_files(15000)
        daemon, port = self.start_between(self.aggregator, source={"max_connections": 10050})
        clients = [Client(port) for _ in range(50)]  # what the first ones cost once
        self.say_something(clients)
        before = daemon.resident()
        clients += [Client(port) for _ in range(10000)]
        daemon.wait_for_metric(10050, "redactd_source_open_connections", source="in")
        silent = daemon.resident()
        self.say_something(clients[50:])
        idle = daemon.resident()
        print(f"\nmemory of an idle connection: {(silent - before) // 10000} bytes before its first record, "
              f"{(idle - before) // 10000} after it", flush=True)
        if not SANITIZED:
            self.assertLessEqual((silent - before) / 10000, 16384)
            self.assertLessEqual((idle - before) / 10000, 16384)
        spent = daemon.cpu_seconds()
        time.sleep(1)
        self.assertLess(daemon.cpu_seconds() - spent, 0.2, "idle connections cost time")
        for client in clients:
            client.close()
        wait_until(lambda: daemon.metric("redactd_source_open_connections", source="in") == 0, "all are gone")
        daemon.stop()
        self.assertEqual(self.aggregator.count(), 10050)

    def test_idle_ones_over_tls_take_no_buffers(self):
        server = certificates.server()
        daemon, port = self.start_between(self.aggregator, tls={"certificate": server.certificate, "key": server.key})
        context = certificates.client_context()
        clients = [Client(port, context) for _ in range(20)]
        self.say_something(clients)
        before = daemon.resident()
        clients += [Client(port, context) for _ in range(200)]
        self.say_something(clients[20:])
        each = (daemon.resident() - before) // 200
        print(f"\nmemory of an idle connection over TLS: {each} bytes", flush=True)
        if not SANITIZED:
            self.assertLessEqual(each, 32768)
        for client in clients:
            client.close()
        daemon.stop()
        self.assertEqual(self.aggregator.count(), 220)

    def say_something(self, clients):
        before = self.aggregator.count()
        for client in clients:
            client.send(frame(OCTET, b"<13>a record of someone who is silent from now on"))
        self.aggregator.wait_for(before + len(clients))

    def test_coming_and_going_leaves_nothing_behind(self):
        daemon, port = self.start_between(self.aggregator)
        Client(port).close()
        wait_until(lambda: daemon.metric("redactd_source_connections_total", source="in") == 1, "the first one")
        before = daemon.open_files()
        for number in range(10_000):
            client = Client(port)
            if number % 3 == 0:
                client.send(b"100 half a rec")
            if number % 2:
                client.reset()
            else:
                client.close()
        wait_until(lambda: daemon.metric("redactd_source_connections_total", source="in") == 10_001
                   and daemon.metric("redactd_source_open_connections", source="in") == 0, "all came and went")
        self.assertLessEqual(daemon.open_files(), before + 2)
        self.assertEqual(daemon.metric("redactd_source_held_bytes", source="in"), 0)
        daemon.stop()

    def test_beyond_the_limit_they_are_refused(self):
        daemon, port = self.start_between(self.aggregator, source={"max_connections": 10})
        clients = [Client(port) for _ in range(10)]
        daemon.wait_for_metric(10, "redactd_source_open_connections", source="in")
        with Client(port) as further:
            self.assertTrue(further.is_closed_by_peer())
        self.assertGreaterEqual(daemon.metric("redactd_source_refused_connections_total", source="in"), 1)
        clients.pop().close()
        wait_until(lambda: daemon.metric("redactd_source_open_connections", source="in") == 9, "one has gone")
        with Client(port) as another:
            another.send(b"5 hello")
            self.aggregator.wait_for(1)
        daemon.stop()


class OneConnection(LoadTest):
    def test_at_full_speed(self):
        daemon, port = self.start_between(self.aggregator)
        block = frames(OCTET, [numbered(0, 0, self.secret)] + [b"<13>1 - h app - - - " + b"plain text " * 12] * 99)
        begun = time.monotonic()
        with Client(port) as client:
            for _ in range(4000):
                client.send(block)
        self.aggregator.wait_for(400000, 2 * PATIENCE)
        took = time.monotonic() - begun
        print(f"\none connection: {len(block) * 4000 / took / 1e6:.0f} MB/s, {400000 / took:.0f} records/s, with this harness at both ends",
              flush=True)
        daemon.stop()
        self.assertEqual(self.aggregator.count(), 400000)
        self.assertEqual(sum(TOKEN_MASK.encode() in record for record in self.aggregator.records), 4000)
        self.assertFalse(any(self.secret in record for record in self.aggregator.records))

    def test_tiny_writes(self):
        daemon, port = self.start_between(self.aggregator)
        data = frames(OCTET, [numbered(0, number, self.secret) for number in range(300)])
        with Client(port) as client:
            for at in range(0, len(data), 3):
                client.send(data[at:at + 3])
        self.aggregator.wait_for(300)
        daemon.stop()
        self.assert_in_order(1, 300)

    def test_an_endless_line_is_cut_and_costs_no_memory(self):
        daemon, port = self.start_between(self.aggregator, source={"framing": "newline", "max_record": "64KiB"})
        with Client(port) as client:
            client.send(b"<13>warm up\n")
            self.aggregator.wait_for(1)
            before = daemon.resident()
            client.send(b"<13>endless ")
            for _ in range(256):
                client.send(b"x" * (1 << 20))
            grown = daemon.resident() - before
            client.send(b"\n<13>next\n")
        records = self.aggregator.wait_for(3)
        self.assertEqual([len(record) for record in records[1:]], [64 * 1024, len(b"<13>next")])
        if not SANITIZED:
            self.assertLess(grown, 16 << 20)
        daemon.stop()

    def test_a_rate_limit_delays_and_drops_nothing(self):
        daemon, port = self.start_between(self.aggregator, source={"rate": {"bytes_per_second": "200KiB", "burst": "50KiB"}})
        records = [b"<13>number %d " % number + b"x" * 1000 for number in range(250)]
        begun = time.monotonic()
        with Client(port) as client:
            client.send(frames(OCTET, records))
        self.aggregator.wait_for(250)
        took = time.monotonic() - begun
        daemon.stop()
        self.assertEqual(self.aggregator.records, records)
        self.assertGreater(took, 0.6)  # 250 KB less the burst, at 200 KiB/s
        self.assertLess(took, 30)


class SlowAggregator(LoadTest):
    def test_back_pressure_reaches_the_client_and_nothing_is_lost(self):
        aggregator = Aggregator(self, receive_buffer=65536)
        daemon, port = self.start_between(aggregator, source={"receive_buffer": "128KiB"}, sink={"queue_bytes": "256KiB", "send_buffer": "64KiB"})
        aggregator.stall()
        record = b"<13>" + b"x" * 996
        sent = 0
        client = Client(port)
        client.socket.settimeout(1)
        before = daemon.resident()
        try:
            while sent < 64 << 20:
                sent += client.socket.send(frames(OCTET, [record]) * 64)
        except TimeoutError:
            pass
        self.assertLess(sent, 32 << 20, "the client was never made to wait")
        if not SANITIZED:
            self.assertLess(daemon.resident() - before, 16 << 20)
        self.assertGreaterEqual(daemon.metric("redactd_source_stalls_total", source="in"), 1)
        self.assertEqual(daemon.ask("/healthz")[0], 200)
        spent = daemon.cpu_seconds()
        time.sleep(0.5)
        self.assertLess(daemon.cpu_seconds() - spent, 0.15, "waiting costs time")
        aggregator.resume()
        size = len(frame(OCTET, record))
        client.socket.settimeout(PATIENCE)
        client.send(frame(OCTET, record)[sent % size:] if sent % size else b"")
        client.close()
        aggregator.wait_for(-(-sent // size))
        daemon.stop()
        self.assertEqual(aggregator.records, [record] * -(-sent // size))

    def test_one_that_hangs_with_its_connections_open_is_told(self):
        aggregator = Aggregator(self, receive_buffer=65536)
        daemon, port = self.start_between(aggregator, ready_grace="1s", sink={"queue_bytes": "256KiB", "send_buffer": "64KiB"})
        aggregator.stall()
        records = [b"<13>%d " % number + b"x" * 1000 for number in range(4000)]
        with Client(port) as client:
            sender = threading.Thread(target=client.send, args=(frames(OCTET, records),), daemon=True)
            sender.start()
            wait_until(lambda: daemon.ask("/readyz") == (503, "sink 'out' gets rid of nothing: the other end does not read\n"),
                       lambda: f"not ready, but {daemon.ask('/readyz')}")
            self.assertGreaterEqual(daemon.metric("redactd_sink_down_seconds", sink="out"), 1)
            self.assertIn("warning sink gets rid of nothing", daemon.says())
            aggregator.resume()
            aggregator.wait_for(len(records))
            sender.join(PATIENCE)
        wait_until(daemon.is_ready, lambda: f"ready, not {daemon.ask('/readyz')}")
        self.assertEqual(daemon.metric("redactd_sink_down_seconds", sink="out"), 0)
        self.assertIn("info sink gets rid of records again", daemon.says())
        daemon.stop()
        self.assertEqual(aggregator.records, records)

    def test_many_tls_connections_do_not_overfill_its_queue(self):
        """All of them wait for their next byte while there is room, and all get it when there is none."""
        clients, records, record = 24, 512, b"<13>" + b"x" * 996
        aggregator = Aggregator(self, receive_buffer=65536)
        server = certificates.server()
        daemon, port = self.start_between(aggregator, tls={"certificate": server.certificate, "key": server.key},
                                          sink={"queue_bytes": "64KiB", "send_buffer": "64KiB"})
        aggregator.stall()
        connections = [Client(port, certificates.client_context()) for _ in range(clients)]
        daemon.wait_for_metric(clients, "redactd_source_open_connections", source="in")

        def send(client):
            client.send(frames(OCTET, [record]) * records)
            client.close()

        senders = [threading.Thread(target=send, args=(client,), daemon=True) for client in connections]
        for sender in senders:
            sender.start()
        daemon.wait_for_metric(clients // 2, "redactd_source_stalls_total", source="in")
        time.sleep(0.5)  # for the others
        self.assertLess(daemon.metric("redactd_sink_queued_bytes", sink="out"), 1 << 20)
        aggregator.resume()
        aggregator.wait_for(clients * records)
        for sender in senders:
            sender.join()
        daemon.stop()
        self.assertEqual(aggregator.records, [record] * (clients * records))

    def test_others_with_a_sink_of_their_own_are_not_slowed(self):
        slow, quick = Aggregator(self, receive_buffer=65536), Aggregator(self)
        ports = [free_port() for _ in range(2)]
        daemon = self.start_daemon(
            [{"listen": f"tcp://127.0.0.1:{port}", "sinks": [sink]} for port, sink in zip(ports, ("slow", "quick"))],
            [{"name": "slow", "endpoints": [slow.url], "framing": OCTET, "queue_bytes": "256KiB"},
             {"name": "quick", "endpoints": [quick.url], "framing": OCTET}])
        slow.stall()
        block = frames(OCTET, [b"<13>" + b"x" * 996]) * 64

        def fill():
            with Client(ports[0]) as client:
                for _ in range(300):
                    client.send(block)

        filler = threading.Thread(target=fill, daemon=True)
        filler.start()
        daemon.wait_for_metric(1, "redactd_source_stalls_total", source="in")
        with Client(ports[1]) as client:
            client.send(block * 50)
        quick.wait_for(3200)
        slow.resume()
        slow.wait_for(300 * 64)
        filler.join()
        daemon.stop()

    def test_an_aggregator_that_comes_and_goes(self):
        aggregator = Aggregator(self)
        daemon, port = self.start_between(aggregator, sink={"reconnect_min": "20ms", "reconnect_max": "100ms"})
        losses = 0
        with Client(port) as client:
            for number in range(30):
                client.send(frame(OCTET, numbered(0, number, self.secret)))
                aggregator.wait_for(number + 1)
                if number % 3 == 0:
                    losses += 1
                    aggregator.drop_connections(reset=number % 2 == 0)
                elif number % 10 == 5:
                    losses += 1
                    failures = daemon.metric("redactd_sink_connect_failures_total", sink="out")
                    aggregator.go_away()
                    daemon.wait_for_metric(failures + 1, "redactd_sink_connect_failures_total", sink="out")
                    aggregator.listen()
                daemon.wait_for_metric(losses, "redactd_sink_reconnects_total", sink="out")
        daemon.stop()
        self.aggregator = aggregator
        self.assertEqual(aggregator.count(), 30)


if __name__ == "__main__":
    unittest.main()
