"""RELP: the aggregator's program acknowledges each record, and what it has not acknowledged is sent again."""

import itertools
import os
import random
import socket
import threading
import time
import unittest

import certificates
import peers
from aggregator import Aggregator
from daemon import SANITIZED, TOKEN_MASK, Daemon, DaemonTest, Endpoint, named, sink_to, token
from relp import RelpClient, RelpServer
from wire import Client, frames, free_port, listens, wait_until

OCTET = "octet-counting"
WINDOW = 128
KILLS = int(os.environ.get("REDACTD_RELP_KILLS", "5"))
SEED = os.environ.get("REDACTD_SEED", "relp")


class RelpTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.secret = self.plant(token()).encode()

    def start(self, server, **sink):
        self.port = free_port()
        settings = {"type": "relp", "endpoints": [server.url], "reconnect_min": "10ms", "reconnect_max": "50ms", **sink}
        return self.start_daemon([{"listen": f"tcp://127.0.0.1:{self.port}"}], [settings])

    def send(self, first, last):
        with Client(self.port) as client:
            client.send(frames(OCTET, [b"<13>record %d %s" % (number, self.secret) for number in range(first, last)]))

    def masked(self, first, last):
        return [b"<13>record %d %s" % (number, TOKEN_MASK.encode()) for number in range(first, last)]


class Sink(RelpTest):
    def test_records_come_in_order_and_count_when_they_are_acknowledged(self):
        server = RelpServer(self)
        daemon = self.start(server)
        daemon.wait_for_metric(2, "redactd_sink_delivery_level", sink="out")  # by its own thread
        self.send(0, 3000)
        self.assertEqual(server.wait_for(3000), self.masked(0, 3000))
        daemon.wait_for_metric(3000, "redactd_sink_sent_records_total", sink="out")
        daemon.stop()

    def test_no_more_than_a_window_is_without_an_answer(self):
        server = RelpServer(self)
        server.answering.clear()
        daemon = self.start(server)
        self.send(0, 1000)
        wait_until(lambda: len(server.records) == WINDOW, "a window of records")
        self.assertEqual(daemon.metric("redactd_sink_sent_records_total", sink="out"), 0)
        server.answering.set()
        self.assertEqual(server.wait_for(1000), self.masked(0, 1000))
        self.assertLessEqual(server.most_unanswered, WINDOW)
        daemon.stop()

    def test_a_server_that_dies_with_unanswered_records_gets_them_again(self):
        server = RelpServer(self)
        daemon = self.start(server)
        self.send(0, 500)
        server.wait_for(500)
        server.answering.clear()
        self.send(500, 1500)
        wait_until(lambda: len(server.records) >= 500 + WINDOW, "records without an answer")
        server.go_away()
        server.answering.set()
        server.listen()
        self.assertEqual(server.wait_for(1500), self.masked(0, 1500))
        daemon.stop()

    def test_a_record_that_is_refused_is_kept_and_tried_again(self):
        server = RelpServer(self, answer=b"500 busy")
        daemon = self.start(server)
        self.send(0, 10)
        wait_until(lambda: len(server.records) > 20, "it is tried again")
        self.assertEqual(server.acknowledged, [])
        server.answer = b"200 OK"
        wait_until(lambda: server.acknowledged[-1:] == self.masked(9, 10), "the last record")
        self.assertEqual(list(dict.fromkeys(server.acknowledged)), self.masked(0, 10))
        daemon.stop()

    def test_a_peer_that_takes_records_and_never_answers_is_given_up_for_the_next(self):
        """Its kernel acknowledges everything, so TCP notices nothing."""
        silent, other = RelpServer(self), RelpServer(self)
        silent.answering.clear()
        daemon = self.start(silent, endpoints=[silent.url, other.url], peer_timeout="1s", return_interval="1h")
        self.send(0, 1000)
        wait_until(lambda: len(silent.records) == WINDOW, "a window of records")
        silent.stop_listening()
        self.assertEqual(other.wait_for(1000), self.masked(0, 1000))
        self.assertRegex(daemon.says(), f"sink lost.*127.0.0.1:{silent.port}|127.0.0.1:{silent.port}.*timed out")
        daemon.stop()

    def test_a_peer_that_answers_slowly_is_kept(self):
        server = RelpServer(self)
        server.answering.clear()
        daemon = self.start(server, peer_timeout="4s")
        for number in range(5):
            self.send(number, number + 1)
            server.answering.clear()
            wait_until(lambda: len(server.records) > number, "a record")
            time.sleep(1)
            server.answering.set()
            server.wait_for(number + 1)
        time.sleep(4.2)  # with nothing to answer
        self.assertEqual(daemon.metric("redactd_sink_reconnects_total", sink="out"), 0)
        self.assertEqual(server.acknowledged, self.masked(0, 5))
        daemon.stop()

    def test_a_peer_that_does_not_speak_relp_is_told(self):
        server = RelpServer(self)
        server.go_away()
        with socket.create_server(("127.0.0.1", server.port)) as listener:
            def answer():
                while True:
                    try:
                        with listener.accept()[0] as connection:
                            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n")
                    except OSError:
                        return
            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            daemon = self.start(server)
            wait_until(lambda: "does not speak RELP" in daemon.says(), daemon.says)
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            thread.join()
        server.listen()
        self.send(0, 5)
        self.assertEqual(server.wait_for(5), self.masked(0, 5))
        daemon.stop()

    def test_over_tls(self):
        pair = certificates.server()
        server = RelpServer(self, tls=certificates.server_context(pair))
        daemon = self.start(server, tls={"ca": pair.authority})
        self.send(0, 1000)
        self.assertEqual(server.wait_for(1000), self.masked(0, 1000))
        daemon.stop()

    def test_with_a_spool_nothing_is_lost_when_both_ends_are_killed(self):
        server = RelpServer(self)
        spool = {"directory": os.path.join(self.folder, "spool"), "fsync": "always"}
        daemon = self.start(server, spool=spool)
        server.answering.clear()
        self.send(0, 2000)
        daemon.wait_for_metric(2000, "redactd_sink_spool_records", sink="out")
        wait_until(lambda: len(server.records) >= WINDOW, "records without an answer")
        daemon.process.kill()
        daemon.process.wait()
        server.go_away()
        server.answering.set()
        server.listen()
        again = self.start(server, spool=spool)
        self.assertEqual(server.wait_for(2000)[:2000], self.masked(0, 2000))
        again.stop()


class Source(RelpTest):
    def between(self, sink, **source):
        self.port = free_port()
        return self.start_daemon([{"type": "relp", "listen": f"tcp://127.0.0.1:{self.port}", **source}], [sink])

    def records(self, first, last):
        return [b"<13>record %d %s" % (number, self.secret) for number in range(first, last)]

    def test_records_are_masked_passed_on_and_answered_in_order(self):
        aggregator = Aggregator(self)
        daemon = self.between(sink_to(aggregator))
        client = RelpClient(self.port)
        client.send(self.records(0, 2000))
        client.wait_for_answers(2000)
        self.assertEqual(aggregator.wait_for(2000), self.masked(0, 2000))
        numbers = [number for number, command, _ in client.answers if command == "rsp"]
        self.assertEqual(numbers, list(range(1, 2002)))
        client.command("close")
        wait_until(lambda: ("serverclose" in [command for _, command, _ in client.answers]), "the session is closed")
        client.close()
        daemon.stop()

    def test_nothing_is_answered_that_no_sink_has(self):
        server = RelpServer(self)
        server.answering.clear()
        daemon = self.between({"type": "relp", "endpoints": [server.url]})
        client = RelpClient(self.port)
        client.send(self.records(0, 50))
        wait_until(lambda: len(server.records) == 50, "the records at the far end")
        self.assertEqual(client.acknowledged, 0)
        server.answering.set()
        client.wait_for_answers(50)
        client.close()
        daemon.stop()

    def test_a_client_that_waits_for_answers_is_not_idle(self):
        """It would send again, over its next connection, what the sink still has."""
        server = RelpServer(self)
        server.answering.clear()
        daemon = self.between({"type": "relp", "endpoints": [server.url]}, idle_timeout="200ms")
        client = RelpClient(self.port)
        client.send(self.records(0, 50))
        wait_until(lambda: len(server.records) == 50, "the records at the far end")
        time.sleep(3)
        self.assertFalse(client.ended)
        self.assertEqual(daemon.metric("redactd_source_idle_closed_connections_total", source="in"), 0)
        client.send(self.records(50, 60))
        server.answering.set()
        client.wait_for_answers(60)
        daemon.wait_for_metric(1, "redactd_source_idle_closed_connections_total", source="in")  # now it is
        client.close()
        daemon.stop()

    def test_with_a_spool_records_are_answered_though_the_aggregator_is_down(self):
        aggregator = Aggregator(self)
        aggregator.go_away()
        spool = {"directory": os.path.join(self.folder, "spool"), "fsync": "always"}
        daemon = self.between(sink_to(aggregator, spool=spool))
        client = RelpClient(self.port)
        client.send(self.records(0, 1000))
        client.wait_for_answers(1000)
        daemon.process.kill()  # what was answered is on disk
        daemon.process.wait()
        aggregator.listen()
        again = self.between(sink_to(aggregator, spool=spool))
        self.assertEqual(aggregator.wait_for(1000), self.masked(0, 1000))
        client.close()
        again.stop()

    def test_a_client_that_takes_no_answers_is_not_read_on_and_costs_no_memory(self):
        aggregator = Aggregator(self)
        daemon = self.between(sink_to(aggregator), idle_timeout="2s", receive_buffer="64KiB")
        before = daemon.resident()
        with socket.socket() as client:
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                client.setsockopt(socket.SOL_SOCKET, buffer, 64 << 10)
            client.connect(("127.0.0.1", self.port))
            client.sendall(b"999999999 open 0\n")
            client.settimeout(5)
            numbers = itertools.count(1)
            sent = 0
            with self.assertRaises(OSError):  # nothing is taken any more, or the connection is gone
                while sent < 100 << 20:
                    commands = b"".join(b"%d what 0\n" % next(numbers) for _ in range(1000))
                    client.sendall(commands)
                    sent += len(commands)
            self.assertLess(sent, 16 << 20)
            if not SANITIZED:
                self.assertLess(daemon.resident() - before, 32 << 20)
            daemon.wait_for_metric(1, "redactd_source_idle_closed_connections_total", source="in")
        daemon.stop()

    def test_what_a_reload_drops_is_not_answered_and_comes_when_it_is_sent_again(self):
        """The old sink's peer takes nothing until its time to drain is over."""
        aggregator = Aggregator(self, receive_buffer=64 << 10)
        self.port = free_port()

        def config(keepalive):
            sink = sink_to(aggregator, send_buffer="64KiB", queue_bytes="4MiB", keepalive=keepalive)
            return {"sources": [named("in", 0, {"type": "relp", "listen": f"tcp://127.0.0.1:{self.port}"})],
                    "sinks": [named("out", 0, sink)], "drain_timeout": "500ms"}
        daemon = Daemon(self, config("30s"))
        client = RelpClient(self.port)
        aggregator.stall()
        records = [b"<13>record %d %s" % (number, b"x" * 5000) for number in range(200)]
        client.send(records)
        daemon.wait_for_metric(200, "redactd_source_received_records_total", source="in")
        daemon.configure(config("31s"))
        daemon.reload()
        daemon.wait_for_metric(1, "redactd_sink_dropped_records_total", sink="out")
        wait_until(lambda: client.ended, "the connection ends whose records nobody will answer")
        aggregator.resume()
        with RelpClient(self.port) as other:  # nothing is answered before those in front of it
            other.send([b"<13>last"])
            other.wait_for_answers(1)
        self.assertLess(client.acknowledged, 200)
        wait_until(lambda: client.acknowledged <= len(set(aggregator.records)) - 1, "what was answered is not lost")
        unanswered = records[client.acknowledged:]
        client.close()
        with RelpClient(self.port) as again:
            again.send(unanswered)
            again.wait_for_answers(len(unanswered))
        wait_until(lambda: set(records) <= set(aggregator.records), "all of them")
        daemon.stop(code=3)

    def test_a_stop_answers_what_it_can(self):
        aggregator = Aggregator(self)
        daemon = self.between(sink_to(aggregator))
        client = RelpClient(self.port)
        client.send(self.records(0, 500))
        daemon.wait_for_metric(500, "redactd_source_received_records_total", source="in")
        daemon.stop()
        client.wait_for_answers(500)
        client.close()

    def test_what_is_no_relp_is_refused(self):
        aggregator = Aggregator(self)
        daemon = self.between(sink_to(aggregator))
        for rubbish in (b"<13>plain syslog\n", b"1 syslog 3 one\n", b"1 open 9999999999 "):
            with Client(self.port) as client:
                client.send(rubbish)
                self.assertTrue(client.is_closed_by_peer())
        daemon.wait_for_metric(3, "redactd_source_frame_errors_total", source="in", kind="bad_relp")
        daemon.stop()

    def test_a_command_with_a_number_that_is_not_the_next_ends_the_session_and_takes_nothing(self):
        aggregator = Aggregator(self)
        daemon = self.between(sink_to(aggregator))
        for number in (0, 2, 4):  # a hint's, the one before, one left out
            with Client(self.port) as client:
                client.send(b"1 open 0\n2 syslog 4 good\n%d syslog 3 bad\n" % number)
                self.assertTrue(client.is_closed_by_peer())
        daemon.wait_for_metric(3, "redactd_source_frame_errors_total", source="in", kind="bad_relp_number")
        self.assertEqual(aggregator.wait_for(3), [b"good"] * 3)
        daemon.stop()

    def test_over_tls(self):
        aggregator = Aggregator(self)
        server = certificates.server()
        self.port = free_port()
        daemon = self.start_daemon([{"type": "relp", "listen": f"tls://127.0.0.1:{self.port}",
                                     "tls": {"certificate": server.certificate, "key": server.key}}], [sink_to(aggregator)])
        client = RelpClient(self.port, certificates.client_context())
        client.send(self.records(0, 1000))
        client.wait_for_answers(1000)
        self.assertEqual(aggregator.wait_for(1000), self.masked(0, 1000))
        client.close()
        daemon.stop()


class Rsyslog(RelpTest):
    """omrelp and imrelp at the ends."""

    def test_imrelp_takes_every_record(self):
        path = os.path.join(self.folder, "relp.out")
        port = free_port()
        rsyslog = peers.Rsyslog(self, f"""
module(load="imrelp")
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imrelp" address="127.0.0.1" port="{port}" ruleset="out")
ruleset(name="out") {{ action(type="omfile" file="{path}" template="raw") }}
""")
        rsyslog.wait_until(lambda: listens(port))
        daemon = self.start(Endpoint(f"tcp://127.0.0.1:{port}", OCTET))
        self.send(0, 20000)
        daemon.wait_for_metric(20000, "redactd_sink_sent_records_total", sink="out")
        daemon.stop()
        rsyslog.stop()
        with open(path, "rb") as file:
            self.assertEqual(file.read().splitlines(), self.masked(0, 20000))

    def test_from_omrelp_to_imrelp_nothing_is_lost_when_redactd_is_killed_at_random(self):
        """From end to end at L2, under load: what has no answer is sent again, by omrelp and from the spool."""
        out, log = os.path.join(self.folder, "relp.out"), os.path.join(self.folder, "app.log")
        spool = os.path.join(self.folder, "spool")
        far, self.port = free_port(), free_port()
        receiver = peers.Rsyslog(self, f"""
module(load="imrelp")
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imrelp" address="127.0.0.1" port="{far}" ruleset="out")
ruleset(name="out") {{ action(type="omfile" file="{out}" template="raw" flushOnTXEnd="on") }}
""")
        receiver.wait_until(lambda: listens(far))
        sources = [{"type": "relp", "listen": f"tcp://127.0.0.1:{self.port}"}]
        sinks = [{"type": "relp", "endpoints": [f"tcp://127.0.0.1:{far}"], "reconnect_min": "10ms", "reconnect_max": "50ms",
                  "spool": {"directory": spool, "fsync": "always", "segment_size": "64KiB", "max_size": "64MiB"}}]
        daemon = self.start_daemon(sources, sinks)
        application = Application(log, lambda number: b"record %d %s\n" % (number, self.secret))
        peers.Rsyslog(self, f"""
module(load="imfile")
module(load="omrelp")
input(type="imfile" file="{log}" tag="app:" ruleset="forward")
ruleset(name="forward") {{
  action(type="omrelp" target="127.0.0.1" port="{self.port}" template="RSYSLOG_SyslogProtocol23Format"
         queue.dequeueBatchSize="128" action.resumeRetryCount="-1" action.resumeInterval="1")
}}
""")
        chance = random.Random(SEED)
        with application:
            for _ in range(KILLS):
                count = len(lines(out))
                wait_until(lambda: len(lines(out)) > count, "records come again", pause=0.05)
                time.sleep(chance.uniform(0, 1.5))
                daemon.process.kill()
                daemon.process.wait()
                daemon.look_for_secrets()
                self.assert_folder_is_clean(spool)
                daemon = self.start_daemon(sources, sinks)
        wanted = application.written
        wait_until(lambda: self.numbers(lines(out)) == wanted,
                   lambda: f"{wanted} records ({self.numbers(lines(out))} came)", pause=0.1)
        daemon.stop()
        self.assert_folder_is_clean(spool)
        came = lines(out)
        self.assertEqual({self.number(line) for line in came}, set(range(wanted)))
        for line in came:
            self.assertTrue(line.endswith(TOKEN_MASK.encode()), "a record is whole, and its secret masked")
        doubles = len(came) - wanted
        print(f"\nL2: {KILLS} kills, {wanted} records, none lost, {doubles} twice", flush=True)
        # What omrelp has not got an answer for, its batch and its window; what imrelp has not answered; a tenth of a
        # second's, whose answers the spool had not noted yet.
        self.assertLessEqual(doubles, KILLS * (128 + 2 * WINDOW + application.rate // 5))

    def number(self, line):
        return int(line.partition(b"record ")[2].split()[0])

    def numbers(self, came):
        return len({self.number(line) for line in came})

    def assert_folder_is_clean(self, folder):
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                self.assert_no_canary(file.read(), f"the spool ({name})")


def lines(path):
    """The whole ones in a file that is still written."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return file.read().split(b"\n")[:-1]


class Application:
    """Writes numbered lines to a log, some at a time, as long as it is entered."""

    rate = 5000  # a second, at most

    def __init__(self, path, line):
        self.path = path
        self.line = line
        self.written = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self):
        with open(self.path, "ab", buffering=0) as file:
            while not self._ended.wait(0.01):
                some = range(self.written, self.written + self.rate // 100)
                file.write(b"".join(map(self.line, some)))
                self.written = some.stop

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


if __name__ == "__main__":
    unittest.main()
