"""Reloads that change where records go: which sinks a source has, and which sinks there are."""

import unittest

from aggregator import Aggregator
from daemon import DaemonTest, sink_to
from wire import Client, free_port


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


class GoneSource(RouteTest):
    """A source that is no longer in the file goes on until a restart."""

    def send(self, source, record):
        with Client(self.ports[source]) as client:
            client.send(record.encode() + b"\n")
            self.aggregators["a"].wait_for(len(self.arrived("a")) + 1)

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

    def test_that_comes_back_has_the_sinks_that_the_file_gives_it(self):
        self.start_two()
        for sources in ([self.source("two")], [self.source("one", sinks=["b"]), self.source("two")]):
            self.assertEqual(self.reload(sources, [self.sink("a"), self.sink("b")])[0], 200)
        with Client(self.ports["one"]) as client:
            client.send(b"<13>back\n")
            self.aggregators["b"].wait_for(1)
        self.daemon.stop()
        self.assertEqual(self.arrived("a"), [])


if __name__ == "__main__":
    unittest.main()
