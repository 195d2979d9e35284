"""Reloads that change where records go: which sinks a source has, which sinks there are, and what was on its way."""

import os
import signal
import socket
import subprocess
import threading
import time
import unittest

from aggregator import Aggregator
from daemon import DaemonTest, sink_to
from test_reload import Sender
from wire import QUIET, Client, free_port, wait_until

CONNECTIONS = 8
LEFT = 3  # exit status: records were left


class RouteTest(DaemonTest):
    """Sources and sinks by their names: each source has a port of its own, each sink an aggregator."""

    def setUp(self):
        super().setUp()
        self.ports = {}
        self.aggregators = {}

    def source(self, name, listen=None, **more):
        """`listen`: the name of the source whose port it has."""
        port = self.ports.setdefault(listen or name, free_port())
        return {"name": name, "type": "syslog", "listen": f"tcp://127.0.0.1:{port}", **more}

    def sink(self, name, aggregator=None, **more):
        """`aggregator`: the name of the sink that had it first."""
        name_there = aggregator or name
        if name_there not in self.aggregators:
            self.aggregators[name_there] = Aggregator(self, "newline")
        return {"name": name, "type": "syslog", **sink_to(self.aggregators[name_there]), **more}

    def start(self, sources, sinks, **more):
        self.daemon = self.start_daemon(sources, sinks, **more)

    def reload(self, sources, sinks, **more):
        """Status and answer."""
        self.daemon.configure({"sources": sources, "sinks": sinks, **more})
        return self.daemon.ask("/-/reload", "POST")

    def arrived(self, name):
        return [record.decode() for record in self.aggregators[name].records]


class AReadOfCommands(RouteTest):
    """`::add-mask::` lines are waited for in the middle of a read, and a reload may come there."""

    def test_goes_on_to_the_sinks_of_a_reload_that_it_has_waited_for(self):
        files = [os.path.join(self.folder, name) for name in ("one", "two")]
        settings = [([self.source("in")], [{"name": os.path.basename(path), "type": "file", "path": path}],
                     {"known_values": {"add_mask": True}, "workers": 1}) for path in files]
        self.start(settings[0][0], settings[0][1], **settings[0][2])
        others = [Client(self.ports["in"]) for _ in range(100)]  # a worker tells some sessions at a time of a reload, the oldest first
        self.daemon.wait_for_metric(len(others), "redactd_source_connections_total", source="in")
        # Each command is waited for by itself and refused, for its value is too short: no rule set is made for it.
        sent = [f"<13>{number}\n".encode() for number in range(40000)]
        reloads = 0
        with Client(self.ports["in"]) as client:
            sender = threading.Thread(target=lambda: client.send(b"<13>::add-mask::x\n".join(sent)))
            sender.start()
            while self.daemon.metric("redactd_source_received_records_total", source="in") < 2 * len(sent) - 1:
                reloads += 1
                sources, sinks, more = settings[reloads % 2]
                self.assertEqual(self.reload(sources, sinks, **more)[0], 200)
            sender.join()
        self.assertGreater(reloads, 3)
        for other in others:
            other.close()
        self.daemon.stop()
        written = []
        for path in files:
            with open(path, "rb") as file:
                written += [line for line in file if b"add-mask" not in line]
        self.assertEqual((len(set(sent) - set(written)), len(written)), (0, len(sent)))


class GoneSource(RouteTest):
    """A source that is no longer in the file goes on until a restart."""

    def send(self, source, record):
        before = self.aggregators["a"].count()
        with Client(self.ports[source]) as client:
            client.send(record.encode() + b"\n")
            self.aggregators["a"].wait_for(before + 1)

    def start_two(self):
        self.start([self.source("one", sinks=["a"]), self.source("two", sinks=["b"])], [self.sink("a"), self.sink("b")])

    def test_goes_on_to_the_sinks_that_it_had(self):
        self.start_two()
        two = self.source("two", sinks=["b"])
        for number, name in enumerate(("renamed", "renamed", "again")):
            sources = [self.source(name, "one", sinks=["a"]), two]
            self.assertEqual(self.reload(sources, [self.sink("a"), self.sink("b")])[0], 200)
            self.send("one", f"<13>{number}")
        self.daemon.stop()
        self.assertEqual(self.arrived("a"), ["<13>0", "<13>1", "<13>2"])
        self.assertEqual(self.arrived("b"), [])

    def test_that_had_all_sinks_does_not_get_those_that_come(self):
        self.start([self.source("one"), self.source("two")], [self.sink("a"), self.sink("b")])
        self.assertEqual(self.reload([self.source("two")], [self.sink("a"), self.sink("new")])[0], 200)
        self.send("one", "<13>still here")
        self.daemon.stop()
        self.assertEqual(self.arrived("new"), [])
        self.assertEqual(self.arrived("b"), [])

    def test_without_a_sink_that_is_left_refuses_the_reload(self):
        self.start_two()
        status, answer = self.reload([self.source("two", sinks=["b"])], [self.sink("b")])
        self.assertEqual(status, 500)
        self.assertIn("source 'one' goes on until a restart, and none of its sinks is left: a", answer)
        self.assertEqual(self.daemon.metric("redactd_config_last_reload_successful"), 0)
        self.send("one", "<13>as before")
        self.daemon.stop()
        self.assertEqual(self.arrived("b"), [])

    def test_that_a_new_sink_would_lead_back_to_refuses_the_reload(self):
        log = self.write("in.log", "")
        file = {"name": "file", "type": "file", "path": log}
        two = self.source("two")
        written = {"name": "written", "type": "file", "path": self.write("out.log", "")}  # so that the folder can be written to
        self.start([self.source("one"), two, file], [self.sink("a"), written])
        loops = [{"name": "round", "type": "syslog", "endpoints": [f"tcp://localhost:{self.ports['one']}"]},
                 {"name": "round", "type": "file", "path": log}]
        for kept, loop, name in zip(([two, file], [self.source("one"), two]), loops, ("one", "file")):
            status, answer = self.reload(kept, [self.sink("a"), loop])
            self.assertEqual(status, 500)
            self.assertIn(f"sink 'round' leads back to source '{name}', which goes on until a restart", answer)
        self.send("one", "<13>as before")
        self.daemon.stop()
        self.assertEqual(self.arrived("a"), ["<13>as before"])

    def test_that_comes_back_has_the_sinks_that_the_file_gives_it(self):
        self.start_two()
        for sources in ([self.source("two")], [self.source("one", sinks=["b"]), self.source("two")]):
            self.assertEqual(self.reload(sources, [self.sink("a"), self.sink("b")])[0], 200)
        with Client(self.ports["one"]) as client:
            client.send(b"<13>back\n")
            self.aggregators["b"].wait_for(1)
        self.daemon.stop()
        self.assertEqual(self.arrived("a"), [])


class FullSink(RouteTest):
    """The peer of the old sink reads nothing: what the sink holds is lost when its time is over, and that is told."""

    def old(self):
        self.aggregators.setdefault("old", Aggregator(self, "newline", receive_buffer=4096))
        return self.sink("old", send_buffer="64KiB", queue_bytes="256KiB")

    def fill(self):
        """Sends to the source `in` until it is read no more."""
        self.aggregators["old"].stall()
        records = b"".join(b"<13>%d %s\n" % (number, b"x" * 200) for number in range(20000))
        sender = threading.Thread(target=lambda: Client(self.ports["in"]).send(records), daemon=True)
        sender.start()
        self.daemon.wait_for_metric(1, "redactd_source_stalls_total", source="in")
        wait_until(self.stands_still, "what is on its way to the peer fills all that holds it")
        return sender

    def stands_still(self):
        before = self.daemon.metric("redactd_source_received_bytes_total", source="in")
        time.sleep(QUIET)
        return self.daemon.metric("redactd_source_received_bytes_total", source="in") == before

    def is_shown(self, metric):
        return metric + '{sink="old"' in self.daemon.ask("/metrics")[1]

    def test_that_a_reload_takes_out_holds_no_source_up(self):
        log = open(self.write("in.log", ""), "wb", buffering=0)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        port = free_port(socket.SOCK_DGRAM)
        sources = [self.source("in"), {"name": "datagrams", "type": "syslog", "listen": f"udp://127.0.0.1:{port}"},
                   {"name": "file", "type": "file", "path": log.name}, {"name": "stdin", "type": "stdin"}]
        self.start(sources, [self.old()], stdin=subprocess.PIPE, drain_timeout="50s")
        inputs = {"datagrams": lambda line: datagrams.sendto(line, ("127.0.0.1", port)), "file": log.write,
                  "stdin": lambda line: os.write(self.daemon.process.stdin.fileno(), line)}
        with log, datagrams:
            sender = self.fill()
            for name, write in inputs.items():
                wait_until(lambda: write(b"y" * 1000 + b"\n") and self.daemon.metric("redactd_source_stalls_total", source=name),
                           f"{name} waits")
                write(b"the last of %s\n" % name.encode())
        self.assertEqual(self.reload(sources, [self.sink("new")], drain_timeout="50s")[0], 200)
        last = ["<13>19999 " + "x" * 200] + [f"the last of {name}" for name in inputs]
        wait_until(lambda: all(any(record.endswith(end) for record in self.arrived("new")) for end in last),
                   lambda: f"records of all sources; {len(self.arrived('new'))} came", 25)  # long before the old sink's time is over
        sender.join()
        self.daemon.process.stdin.close()
        self.aggregators["old"].resume()
        # After a long stall the kernel asks rarely whether the peer has room again: a new connection does not wait for it.
        self.aggregators["old"].drop_connections()
        self.daemon.stop()

    def test_stays_in_the_metrics_while_it_drains_and_its_loss_from_then_on(self):
        self.start([self.source("in")], [self.old()], drain_timeout="2s")
        sender = self.fill()
        begun = time.monotonic()
        self.assertEqual(self.reload([self.source("in")], [self.sink("new")], drain_timeout="2s")[0], 200)
        shown = self.is_shown("redactd_sink_queued_bytes")
        if time.monotonic() - begun < 2:  # a busy machine may be too late to see it
            self.assertTrue(shown)
        sender.join()
        self.daemon.wait_for_metric(1, "redactd_sink_dropped_records_total", sink="old", reason="exit")
        wait_until(lambda: not self.is_shown("redactd_sink_queued_bytes"), "the sink is gone")
        lost = self.daemon.metric("redactd_sink_dropped_records_total", sink="old")
        self.daemon.wait_for_metric(20000, "redactd_source_received_records_total", source="in")
        self.assertEqual(self.reload([self.source("in")], [self.sink("new")], drain_timeout="2s")[0], 200)
        self.assertEqual(self.daemon.metric("redactd_sink_dropped_records_total", sink="old"), lost)
        self.aggregators["old"].resume()
        self.daemon.stop(LEFT)
        self.assertGreaterEqual(len(self.arrived("old")) + lost + len(self.arrived("new")), 20000)

    def test_that_a_reload_took_out_is_waited_for_at_the_end(self):
        self.start([self.source("in")], [self.old()], drain_timeout="30s")
        self.aggregators["old"].stall()
        with Client(self.ports["in"]) as client:
            client.send(b"".join(b"<13>%d %s\n" % (number, b"x" * 200) for number in range(1100)))
            self.daemon.wait_for_metric(1100, "redactd_source_received_records_total", source="in")
        self.assertEqual(self.reload([self.source("in")], [self.sink("new")], drain_timeout="30s")[0], 200)
        self.daemon.signal(signal.SIGTERM)
        time.sleep(QUIET)
        self.aggregators["old"].resume()
        self.daemon.wait()
        self.assertEqual(len(self.arrived("old")), 1100)

    def test_that_had_written_all_is_gone_from_the_metrics(self):
        self.start([self.source("in")], [self.sink("old")])
        with Client(self.ports["in"]) as client:
            client.send(b"<13>one\n")
            self.aggregators["old"].wait_for(1)
        self.assertEqual(self.reload([self.source("in")], [self.sink("new")])[0], 200)
        wait_until(lambda: '"old"' not in self.daemon.ask("/metrics")[1], "the sink is gone")
        self.daemon.stop()


class ChangedSink(RouteTest):
    """The same sink with other settings."""

    def test_that_is_a_file_is_up(self):
        def file(**more):
            return {"name": "file", "type": "file", "path": os.path.join(self.folder, "out.log"), **more}

        self.start([self.source("in")], [file()], ready_grace=0)
        self.assertEqual(self.reload([self.source("in")], [file(queue_bytes="1MiB")], ready_grace=0)[0], 200)
        with Client(self.ports["in"]) as client:
            client.send(b"<13>one\n")
            self.daemon.wait_for_metric(1, "redactd_sink_sent_records_total", sink="file")
        self.daemon.wait_for_metric(1, "redactd_sink_connected", sink="file")
        self.assertEqual(self.daemon.ask("/readyz"), (200, "ready\n"))
        self.assertEqual(self.daemon.metric("redactd_sink_down_seconds", sink="file"), 0)
        self.daemon.stop()


class UnderLoad(RouteTest):
    """One reload while records flow on several connections: each of them arrives, once for each sink, and in order."""

    def reload_between(self, before, after):
        """`before`, `after`: sources and sinks. The records that each sender sent are counted in `counts`."""
        self.start(*before)
        senders = [Sender(self.ports["in"], number, b"word") for number in range(CONNECTIONS)]
        self.flow(senders)
        self.assertEqual(self.reload(*after)[0], 200)
        self.flow(senders)
        self.counts = [sender.finish() for sender in senders]
        self.assertEqual([sender.failed for sender in senders], [None] * CONNECTIONS)
        self.daemon.wait_for_metric(sum(self.counts), "redactd_source_received_records_total", source="in")
        self.assertEqual(self.daemon.metric("redactd_source_connections_total", source="in"), CONNECTIONS)
        self.daemon.stop()

    def flow(self, senders):
        goals = [sender.count + 500 for sender in senders]
        wait_until(lambda: all(sender.failed or sender.count > goal for sender, goal in zip(senders, goals)), "records flow")

    def runs(self, name):
        """From where to where the records of each sender came, which have to be in one piece."""
        runs = [None] * CONNECTIONS
        for record in (record for connection in self.aggregators[name].connections for record in connection):
            sender, number = map(int, record.split()[7:9])
            begin, end = runs[sender] or (number, number)
            self.assertEqual(number, end, f"sender {sender}, sink {name}")
            runs[sender] = (begin, end + 1)
        return runs

    def assert_has_all(self, name):
        self.assertEqual(self.runs(name), [(0, count) for count in self.counts])

    def assert_goes_over(self, first, second):
        """The records up to the reload are at the first one, the rest at the second."""
        for (begin, left), (taken, end), count in zip(self.runs(first), self.runs(second), self.counts):
            self.assertEqual((begin, end), (0, count))
            self.assertEqual(left, taken)

    def test_a_list_of_sinks_that_grows(self):
        self.reload_between(([self.source("in")], [self.sink("a")]), ([self.source("in")], [self.sink("a"), self.sink("b")]))
        self.assert_has_all("a")
        self.assertEqual([run[1] for run in self.runs("b")], self.counts)

    def test_a_list_of_sinks_that_shrinks_to_one(self):
        self.reload_between(([self.source("in")], [self.sink("a"), self.sink("b")]), ([self.source("in")], [self.sink("b")]))
        self.assert_has_all("b")
        self.assertEqual([run[0] for run in self.runs("a")], [0] * CONNECTIONS)

    def test_a_sink_that_is_renamed(self):
        self.reload_between(([self.source("in")], [self.sink("a")]), ([self.source("in")], [self.sink("renamed", "a")]))
        self.assert_has_all("a")

    def test_a_source_that_gets_another_sink(self):
        sinks = [self.sink("a"), self.sink("b")]
        other = self.source("other")
        self.reload_between(([self.source("in", sinks=["a"]), other], sinks), ([self.source("in", sinks=["b"]), other], sinks))
        self.assert_goes_over("a", "b")

    def test_a_sink_that_gives_way_to_another(self):
        self.reload_between(([self.source("in")], [self.sink("a")]), ([self.source("in")], [self.sink("b")]))
        self.assert_goes_over("a", "b")


if __name__ == "__main__":
    unittest.main()
