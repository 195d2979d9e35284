"""RELP: the aggregator's program acknowledges each record, and what it has not acknowledged is sent again."""

import os
import socket
import threading
import unittest

import certificates
import peers
from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, Endpoint, sink_to, token
from relp import RelpClient, RelpServer
from wire import Client, frames, free_port, listens, wait_until

OCTET = "octet-counting"
WINDOW = 128


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
        self.assertEqual(daemon.metric("redactd_sink_delivery_level", sink="out"), 2)
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

    def test_omrelp_loses_nothing_when_redactd_is_killed(self):
        """From end to end at L2: rsyslog sends again what redactd, killed three times, has not answered."""
        server = RelpServer(self)
        spool = {"directory": os.path.join(self.folder, "spool"), "fsync": "always"}
        self.port = free_port()
        sources = [{"type": "relp", "listen": f"tcp://127.0.0.1:{self.port}"}]
        sinks = [{"type": "relp", "endpoints": [server.url], "spool": spool, "reconnect_min": "10ms", "reconnect_max": "50ms"}]
        daemon = self.start_daemon(sources, sinks)
        count = 20000
        path = os.path.join(self.folder, "app.log")
        with open(path, "wb") as file:
            file.write(b"".join(b"record %d %s\n" % (number, self.secret) for number in range(count)))
        peers.Rsyslog(self, f"""
module(load="imfile")
module(load="omrelp")
input(type="imfile" file="{path}" tag="app:" ruleset="forward")
ruleset(name="forward") {{
  action(type="omrelp" target="127.0.0.1" port="{self.port}" template="RSYSLOG_SyslogProtocol23Format"
         action.resumeRetryCount="-1" action.resumeInterval="1")
}}
""")
        for least in (1000, 5000, 9000):
            wait_until(lambda: len(server.acknowledged) >= least, lambda: f"{least} records ({len(server.acknowledged)})")
            daemon.process.kill()
            daemon.process.wait()
            daemon = self.start_daemon(sources, sinks)
        numbers = set()
        wait_until(lambda: self.add(numbers, server.acknowledged) >= count, lambda: f"all records ({len(numbers)} came)", pause=0.1)
        self.assertEqual(numbers, set(range(count)))
        daemon.stop()

    def add(self, numbers, records):
        for record in list(records):
            self.assertIn(TOKEN_MASK.encode(), record)
            numbers.add(int(record.partition(b"record ")[2].split()[0]))
        return len(numbers)


if __name__ == "__main__":
    unittest.main()
